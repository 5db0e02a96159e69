package handler

import (
	"fmt"
	"time"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// DumpLater dumps what all threads and goroutines are doing when d has passed,
// unless [CancelDumpLater] comes first, and the program goes on. The text is a
// report of kind report.Timeout, which begins with "Timeout (0:00:00.500000)!".
// A second call replaces the first, and starts the time again. Its counterpart in
// Python is faulthandler.dump_traceback_later.
//
// It is for programs that hang: a thread of C with all signals blocked waits for
// the time on the monotonic clock, and needs nothing of Go. It comes within a few
// milliseconds of its time when every goroutine is stuck, when no P comes free
// and when the garbage collector cannot stop the world. In the latter two cases
// the goroutines are those of the last snapshot (see [WithSnapshot]), but what the
// threads do in Go and in C is shown in all of them. Where other programs keep the
// CPUs busy it comes when a thread of this one gets its turn. Until its time has
// come it costs nothing.
//
// The dump goes to standard error, or to [WithOutput], of which a duplicate is
// kept; [WithDeadline] limits what it may take where that is stuck. [WithRepeat] dumps again and again, [WithExit] ends the process. DumpLater
// works without [Enable], as [Dump] does; [Disable] leaves what it needs. It is
// not inherited by a child of fork, which may arm its own; nor is a [Watchdog].
//
// It is an error if d is not positive. Without the C core the goroutines are
// dumped by a Go timer, and the error wraps [ErrNoNative].
//
// It is safe for concurrent use, and must not be called after a fault.
//
// Options: WithOutput, WithRepeat, WithExit, WithMaxThreads, WithMaxFrames,
// WithGoFramesOnly, WithInterrupt, WithDeadline.
func DumpLater(d time.Duration, opts ...Option) error {
	c, err := newTimerConfig(config.CallDumpLater, d, opts)
	if err != nil {
		return err
	}
	return engine.DumpLater(c, d)
}

// CancelDumpLater cancels [DumpLater]. When it returns nothing more is written: it
// waits for a dump that is being written at that moment. It does nothing if there
// is nothing to cancel. Its counterpart in Python is
// faulthandler.cancel_dump_traceback_later.
//
// It is safe for concurrent use, and must not be called after a fault.
func CancelDumpLater() { engine.CancelDumpLater() }

func newTimerConfig(call config.Call, d time.Duration, opts []Option) (*config.Config, error) {
	c, err := newConfig(call, opts)
	if err != nil {
		return nil, err
	}
	if d <= 0 {
		return nil, fmt.Errorf("epitaph: %s: %v is not positive", call, d)
	}
	return c, nil
}
