//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// registered are the signals for which the core stays on. Changed with mu held.
var registered = map[syscall.Signal]bool{}

// Register has the core dump at the signal.
func (Engine) Register(sig syscall.Signal, c *config.Config) error {
	if resumed() {
		return errCrashing
	}
	registering.Lock()
	defer registering.Unlock()
	mu.Lock()
	defer mu.Unlock()
	if !cgo.On() {
		if err := startQuietly(); err != nil {
			return err
		}
	}
	err := withDescriptor(c, func(fd uintptr) error {
		native := dumpConfig(c)
		native.Output = fd
		return cgo.RegisterSignal(sig, &native, c.Chain)
	})
	switch {
	case errors.Is(err, cgo.ErrOwnSignal):
		return fmt.Errorf("epitaph: Register: signal %d (%v) is needed by Epitaph (see WithThreadSignal)", int(sig), sig)
	case err != nil:
		return fmt.Errorf("epitaph: Register: %s: %w", c.Output.Name(), err)
	}
	registered[sig] = true
	return nil
}

// Unregister ends that.
func (Engine) Unregister(sig syscall.Signal) bool {
	if resumed() {
		return false
	}
	registering.Lock()
	defer registering.Unlock()
	mu.Lock()
	was := cgo.RestoreSignal(sig)
	mu.Unlock()
	if !was {
		return false
	}
	cgo.EndSignal(sig) // the core stays on for what is still registered
	mu.Lock()
	defer mu.Unlock()
	delete(registered, sig)
	if !cgo.Enabled() {
		disable() // unless another caller needs the core
	}
	return true
}
