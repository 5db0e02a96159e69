//go:build !(cgo && linux && amd64)

package handler

import (
	"fmt"
	"os"
	"runtime"
)

// enable does what pure Go can: Go's own text goes to the place of the report.
func enable(c *config) error {
	copied, err := copyText(c)
	if err != nil {
		return err
	}
	what := ""
	if copied {
		what = "Go's own text alone: "
	}
	return fmt.Errorf("handler: %s/%s without the C core: %s%w", runtime.GOOS, runtime.GOARCH, what, ErrNoNative)
}

func disable() bool { return stopCopy() }

func enabled() bool { return textCopy.Load() != nil }

func annotate(_, _ string) {}

func breadcrumb(string) {}

func notePanic() {}

// panicking is known by the C core's side only.
func panicking() bool { return false }

func ready() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

func checkOutput(f *os.File) error {
	_, err := f.Stat()
	return err
}

// checkDir makes and removes a file, which is the one check of permissions that
// means the same on every system.
func checkDir(path string) error {
	f, err := os.CreateTemp(path, "epitaph")
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}
