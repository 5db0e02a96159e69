package handler

import "github.com/epitaph-go/epitaph/internal/engine/config"

// Options of dumps alone.

// WithInterrupt interrupts every thread, including those in system calls that a signal
// ends with EINTR, for which the program must be prepared. By default a dump does not
// interrupt these threads: their stacks are read from outside, and may end early, which
// is marked.
func WithInterrupt() Option {
	return forCalls(config.CallDumps, "WithInterrupt", func(c *config.Config) error {
		c.Interrupt = true
		return nil
	})
}

// WithRepeat makes [DumpLater] dump periodically. The times do not drift; one that is
// missed is skipped. A [Watchdog] with it dumps periodically while no heartbeat arrives.
//
// While nothing changes (the same threads and goroutines are at the same places) dumps
// are skipped: one, then three, then seven, and so on. A note in the next dump has the
// number of those that were skipped.
func WithRepeat() Option {
	return forCalls(config.CallDumpLater|config.CallWatchdog, "WithRepeat", func(c *config.Config) error {
		c.Repeat = true
		return nil
	})
}

// WithExit ends the process after the dump, with status 1 and without clean-up: no
// deferred function and no atexit handler runs, and no buffer is flushed. The process
// ends even if the dump fails or exceeds its deadline. All threads are interrupted, as
// with [WithInterrupt]. If the process crashes at that time, it dies of the crash.
func WithExit() Option {
	return forCalls(config.CallDumpLater|config.CallWatchdog, "WithExit", func(c *config.Config) error {
		c.Exit = true
		return nil
	})
}
