//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"fmt"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// Dump writes a dump with the core on.
func (Engine) Dump(c *config.Config, from uintptr) error {
	write := cgo.Dump
	if c.Call == config.CallDumpNative {
		write = cgo.DumpNative
	}
	return whileOn(func() error {
		err := withDescriptor(c, func(fd uintptr) error {
			native := dumpConfig(c)
			native.Output, native.From = fd, from
			return write(&native)
		})
		if err != nil {
			return fmt.Errorf("epitaph: %s to %s: %w", c.Call, c.Output.Name(), err)
		}
		return nil
	})
}

// whileOn calls do with the core on, and keeps it on meanwhile.
func whileOn(do func() error) error {
	for {
		if resumed() {
			return errCrashing
		}
		mu.RLock()
		if cgo.On() {
			defer mu.RUnlock()
			return do()
		}
		mu.RUnlock()
		mu.Lock()
		var err error
		if !cgo.On() {
			err = startQuietly()
		}
		mu.Unlock()
		if err != nil {
			return err
		}
	}
}

// withDescriptor gives do the output's descriptor, which stays open meanwhile.
// Control, not Fd: that would put the file into blocking mode.
func withDescriptor(c *config.Config, do func(fd uintptr) error) error {
	conn, err := c.Output.SyscallConn()
	if err != nil {
		return err
	}
	var doErr error
	if err := conn.Control(func(fd uintptr) { doErr = do(fd) }); err != nil {
		return err
	}
	return doErr
}

// dumpConfig is what all kinds of dump have in common.
func dumpConfig(c *config.Config) cgo.DumpConfig {
	return cgo.DumpConfig{
		Timeout:     c.Deadline,
		MaxFrames:   c.MaxFrames,
		MaxThreads:  c.MaxThreads,
		NativeStack: c.NativeStack,
		JSON:        c.JSON,
		AllThreads:  c.AllThreads,
		IdleThreads: c.IdleThreads,
		Interrupt:   c.Interrupt,
	}
}
