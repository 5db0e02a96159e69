//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// CheckTermination looks whether a file that is there can be written to.
func (Engine) CheckTermination(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return &os.PathError{Op: "write to", Path: path, Err: errors.New("not a regular file")}
	}
	if err := unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK, unix.AT_EACCESS); err != nil {
		return &os.PathError{Op: "write to", Path: path, Err: err}
	}
	return nil
}

// terminationError is the error of Enable when the core has started and could not open the
// file that WithTermination named. If it is the default one, which was not asked for, the report
// says so.
func terminationError(c *config.Config) error {
	err := cgo.TerminationError()
	if err == nil || c.Termination == "" {
		return nil
	}
	return fmt.Errorf("epitaph: WithTermination: %w", &os.PathError{Op: "open", Path: c.Termination, Err: err})
}

// terminationOf is the termination log of a configuration: the one that it names, or, in a
// container of Kubernetes, the usual one.
func terminationOf(c *config.Config) string {
	if c.TerminationSet || os.Getenv("KUBERNETES_SERVICE_HOST") == "" ||
		(Engine{}).CheckTermination(config.DefaultTermination) != nil {
		return c.Termination
	}
	return config.DefaultTermination
}
