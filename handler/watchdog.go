package handler

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// A Watchdog dumps what all threads and goroutines are doing when it has had no
// [Watchdog.Beat] for some time. A server calls Beat for each request, or in each turn
// of its loop. Go's own deadlock detector is off in programs with cgo, and never detects
// a deadlock of some of the goroutines.
//
// The methods of a nil Watchdog do nothing, so a program may ignore the error of
// NewWatchdog.
type Watchdog struct {
	beat     atomic.Pointer[uint32] // looked at, and reset, by who watches
	nobody   uint32                 // what beat points to after Stop
	stopping sync.Mutex
	stop     func()
}

// NewWatchdog starts a watchdog that dumps when it has had no [Watchdog.Beat] for d. It
// dumps after d and at most a sixteenth of d (at least 5 ms) more, and then not again
// before the heartbeats have resumed and stopped; with [WithRepeat], every d until then.
// The dump is that of [DumpLater], with a note that names the watchdog and the time
// without a heartbeat. Time in which the whole process was stopped for more than a tenth
// of a second does not count.
//
// There can be 64 watchdogs at a time; one more is an error, as is a d that is not
// positive. Without the C core the watchdog uses Go timers, dumps goroutines only, and
// is returned with an error that wraps [ErrNoNative].
//
// Options: as for DumpLater. It is safe for concurrent use, and must not be called after
// a fault.
func NewWatchdog(d time.Duration, opts ...Option) (*Watchdog, error) {
	c, err := newTimerConfig(config.CallWatchdog, d, opts)
	if err != nil {
		return nil, err
	}
	w := new(Watchdog)
	word, stop, err := engine.Watch(c, d)
	if word == nil {
		return nil, err
	}
	w.stop = stop
	w.beat.Store(word)
	return w, err
}

// Beat is the heartbeat: it tells the watchdog that the program is alive. It takes about
// a nanosecond, and is safe for concurrent use. After [Watchdog.Stop] it does nothing.
func (w *Watchdog) Beat() {
	if w == nil {
		return
	}
	// Who watches takes the word back to 0 some sixteen times in d. Only the first
	// beat since then writes, so that many threads do not fight for the line.
	if word := w.beat.Load(); atomic.LoadUint32(word) == 0 {
		atomic.StoreUint32(word, 1)
	}
}

// Stop ends the watchdog. If a dump is being written, it waits for the end of that dump;
// nothing is written after it has returned. Further calls do nothing.
func (w *Watchdog) Stop() {
	if w == nil {
		return
	}
	w.stopping.Lock()
	defer w.stopping.Unlock()
	if w.beat.Swap(&w.nobody) != &w.nobody {
		w.stop()
	}
}
