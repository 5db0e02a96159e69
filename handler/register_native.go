//go:build cgo && linux && amd64

package handler

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/epitaph-go/epitaph/cgo"
)

// registered are the signals for which the core stays on. Changed with mu held.
var registered = map[syscall.Signal]bool{}

func register(sig syscall.Signal, c *config) error {
	if !cgo.On() {
		if err := startQuietly(); err != nil {
			return err
		}
	}
	err := withDescriptor(c, func(fd uintptr) error {
		config := c.dump()
		config.Output = fd
		return cgo.RegisterSignal(sig, &config, c.chain)
	})
	switch {
	case errors.Is(err, cgo.ErrOwnSignal):
		return fmt.Errorf("handler: Register: signal %d (%v) is needed by Epitaph (see WithThreadSignal)", int(sig), sig)
	case err != nil:
		return fmt.Errorf("handler: Register: %s: %w", c.output.Name(), err)
	}
	registered[sig] = true
	return nil
}

func unregister(sig syscall.Signal) bool {
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
		disable() // unless somebody else needs the core
	}
	return true
}
