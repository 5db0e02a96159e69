//go:build cgo && linux && amd64

package handler

import (
	"errors"
	"fmt"
	"time"

	"github.com/epitaph-go/epitaph/cgo"
)

func dumpLater(c *config, d time.Duration) error {
	cgo.CancelDumpLater() // may take a while: not with a lock
	return arm(c, d, cgo.DumpLater)
}

func cancelDumpLater() { cgo.CancelDumpLater() }

func watch(c *config, d time.Duration) (word *uint32, stop func(), err error) {
	err = arm(c, d, func(config *cgo.TimerConfig) error {
		var err error
		word, err = cgo.WatchdogStart(config)
		return err
	})
	return word, func() { cgo.WatchdogStop(word) }, err
}

// arm arms a timer with the core on. From then on disable keeps it on.
func arm(c *config, d time.Duration, arm func(*cgo.TimerConfig) error) error {
	timersMu.Lock()
	defer timersMu.Unlock()
	return whileOn(func() error {
		err := withDescriptor(c, func(fd uintptr) error {
			config := cgo.TimerConfig{DumpConfig: c.dump(), After: d, Again: c.repeat, Exit: c.exit}
			config.Output = fd
			return arm(&config)
		})
		if errors.Is(err, cgo.ErrNoWatchdog) {
			return fmt.Errorf("handler: NewWatchdog: there are %d already", cgo.Watchdogs)
		}
		if err != nil {
			return fmt.Errorf("handler: %s to %s: %w", callNames[c.call], c.output.Name(), err)
		}
		return nil
	})
}
