//go:build cgo && linux && amd64

package handler

import (
	"fmt"

	"github.com/epitaph-go/epitaph/cgo"
)

func dump(c *config, from uintptr) error {
	write := cgo.Dump
	if c.call == callDumpNative {
		write = cgo.DumpNative
	}
	return whileOn(func() error {
		err := withDescriptor(c, func(fd uintptr) error {
			config := c.dump()
			config.Output, config.From = fd, from
			return write(&config)
		})
		if err != nil {
			return fmt.Errorf("handler: %s to %s: %w", callNames[c.call], c.output.Name(), err)
		}
		return nil
	})
}

// whileOn calls do with the core on, and keeps it on meanwhile.
func whileOn(do func() error) error {
	for {
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
func withDescriptor(c *config, do func(fd uintptr) error) error {
	conn, err := c.output.SyscallConn()
	if err != nil {
		return err
	}
	var doErr error
	if err := conn.Control(func(fd uintptr) { doErr = do(fd) }); err != nil {
		return err
	}
	return doErr
}

// dump is what all kinds of dump have in common.
func (c *config) dump() cgo.DumpConfig {
	return cgo.DumpConfig{
		Timeout:     c.deadline,
		MaxFrames:   c.maxFrames,
		MaxThreads:  c.maxThreads,
		NativeStack: c.nativeStack,
		AllThreads:  c.allThreads,
		Interrupt:   c.interrupt,
	}
}
