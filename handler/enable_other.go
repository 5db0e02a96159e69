//go:build !(cgo && linux && amd64)

package handler

import (
	"fmt"
	"os"
	"runtime"
)

func enable(*config) error {
	return fmt.Errorf("handler: %s/%s without the C core: %w", runtime.GOOS, runtime.GOARCH, ErrNoNative)
}

func annotate(_, _ string) {}

func breadcrumb(string) {}

func notePanic() {}

func disable() bool { return false }

func enabled() bool { return false }

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
