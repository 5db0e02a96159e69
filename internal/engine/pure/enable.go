package pure

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// Enable has Go's own text go to the place of the report.
func (Engine) Enable(c *config.Config) error {
	mu.Lock()
	defer mu.Unlock()
	copied, err := copyText(c)
	if err != nil {
		return err
	}
	what := ""
	if copied {
		what = "Go's own text alone: "
	}
	return fmt.Errorf("epitaph: %s/%s without the C core: %s%w", runtime.GOOS, runtime.GOARCH, what, config.ErrNoNative)
}

// Disable ends that.
func (Engine) Disable() bool {
	mu.Lock()
	defer mu.Unlock()
	return stopCopy()
}

// Enabled tells whether Go's text has a place besides standard error.
func (Engine) Enabled() bool { return textCopy.Load() != nil }

// Taken is empty: it has no handlers.
func (Engine) Taken() map[syscall.Signal]string { return nil }

// Annotate does nothing: there is no report that would show it.
func (Engine) Annotate(_, _ string) {}

// Breadcrumb does nothing.
func (Engine) Breadcrumb(string) {}

// NotePanic does nothing.
func (Engine) NotePanic() {}

// Ready is closed: there is no work in the background.
func (Engine) Ready() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

// CheckOutput looks whether the file is open.
func (Engine) CheckOutput(f *os.File) error {
	_, err := f.Stat()
	return err
}

// CheckCache allows any: there is none.
func (Engine) CheckCache(string) error { return nil }

// CheckTermination allows any: nothing is written there.
func (Engine) CheckTermination(string) error { return nil }

// CheckDir makes and removes a file, which is the one check of permissions that
// means the same on every system.
func (Engine) CheckDir(path string) error {
	f, err := os.CreateTemp(path, "epitaph")
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}
