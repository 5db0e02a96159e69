//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// DumpLater arms the timer of the core.
func (Engine) DumpLater(c *config.Config, d time.Duration) error {
	cgo.CancelDumpLater() // may take a while: not with a lock
	return arm(c, d, cgo.DumpLater)
}

// CancelDumpLater disarms it.
func (Engine) CancelDumpLater() { cgo.CancelDumpLater() }

// Watch starts a watchdog of the core.
func (Engine) Watch(c *config.Config, d time.Duration) (word *uint32, stop func(), err error) {
	err = arm(c, d, func(native *cgo.TimerConfig) error {
		var err error
		word, err = cgo.WatchdogStart(native)
		return err
	})
	return word, func() { cgo.WatchdogStop(word) }, err
}

// arm arms a timer with the core on. From then on disable keeps it on.
func arm(c *config.Config, d time.Duration, arm func(*cgo.TimerConfig) error) error {
	if resumed() {
		return errCrashing
	}
	timersMu.Lock()
	defer timersMu.Unlock()
	return whileOn(func() error {
		err := withDescriptor(c, func(fd uintptr) error {
			native := cgo.TimerConfig{DumpConfig: dumpConfig(c), After: d, Again: c.Repeat, Exit: c.Exit}
			native.Output = fd
			native.Interrupt = c.Interrupt || c.Exit // no call of theirs matters any more
			return arm(&native)
		})
		if errors.Is(err, cgo.ErrNoWatchdog) {
			return fmt.Errorf("epitaph: NewWatchdog: there are %d already", cgo.Watchdogs)
		}
		if err != nil {
			return fmt.Errorf("epitaph: %s to %s: %w", c.Call, c.Output.Name(), err)
		}
		return nil
	})
}
