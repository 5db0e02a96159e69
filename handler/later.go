package handler

import (
	"fmt"
	"time"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// DumpLater dumps what all threads and goroutines are doing after d, unless
// [CancelDumpLater] is called first, without stopping the program. The text is a report
// of kind report.Timeout, which begins with "Timeout (0:00:00.500000)!". A second call
// replaces the first, and starts the time again. The counterpart in Python is
// faulthandler.dump_traceback_later.
//
// It is for programs that hang. A C thread waits on the monotonic clock and needs
// nothing of Go, so the dump is written within some milliseconds of its time even if
// every goroutine is stuck, no P becomes free, or the garbage collector cannot stop the
// world. In the last two cases the goroutines are those of the newest snapshot
// ([WithSnapshot]); the stacks of threads are live in any case. While it waits it costs
// nothing.
//
// The dump goes to standard error, or to [WithOutput], whose descriptor is duplicated.
// [WithDeadline] limits the time of the dump. [WithRepeat] dumps periodically,
// [WithExit] ends the process. DumpLater works without [Enable], as Dump does. A child
// of fork does not inherit it.
//
// A d that is not positive is an error. Without the C core a Go timer dumps the
// goroutines, and the error wraps [ErrNoNative].
//
// It is safe for concurrent use, and must not be called after a fault.
//
// Options: [WithOutput], [WithFormat], [WithRepeat], [WithExit], [WithIdleThreads],
// [WithMaxThreads], [WithMaxFrames], [WithGoFramesOnly], [WithInterrupt],
// [WithDeadline].
func DumpLater(d time.Duration, opts ...Option) error {
	c, err := newTimerConfig(config.CallDumpLater, d, opts)
	if err != nil {
		return err
	}
	return engine.DumpLater(c, d)
}

// CancelDumpLater cancels [DumpLater], if it is armed. If a dump is being written, it
// waits for the end of that dump; nothing is written after it has returned. The
// counterpart in Python is faulthandler.cancel_dump_traceback_later.
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
