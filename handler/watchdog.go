package handler

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// A Watchdog dumps what all threads and goroutines are doing when it gets no
// [Watchdog.Beat] for some time. A server gives it one for each request, or each
// turn of its loop; a program that is deadlocked does not. Go's own detector of
// deadlocks is off in every program with cgo, where a thread of C could call Go
// at any time, and never sees one of some goroutines while others go on.
//
// The methods of a nil Watchdog do nothing, so a program may go on with the
// result of a [NewWatchdog] that failed.
type Watchdog struct {
	beat     atomic.Pointer[uint32] // looked at, and reset, by who watches
	nobody   uint32                 // what beat points to after Stop
	stopping sync.Mutex
	stop     func()
}

// NewWatchdog starts a watchdog that dumps when no beat has come for d: at the
// latest when d and a sixteenth of it (but at least 5 ms) have passed since the
// last one, or since the call. Then it dumps no more before a beat has come and
// they have stopped again; with [WithRepeat] every d until then. The dump is that
// of [DumpLater], with a note that it is a watchdog's and for how long it got no
// beat. Time in which the whole process was stopped (for more than a tenth of a
// second) does not count.
//
// There can be 64 watchdogs at a time. It is an error if there are, and if d is
// not positive. Without the C core the watchdog works with Go timers, dumps
// goroutines alone, and comes with an error that wraps [ErrNoNative].
//
// Options: as for DumpLater. It is safe for concurrent use, and must not be called
// after a fault.
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

// Beat says that the program is alive. It takes about a nanosecond, and may be
// called by any number of goroutines, and after [Watchdog.Stop], which makes it do
// nothing.
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

// Stop ends the watchdog. When it returns nothing more is written: it waits for a
// dump that is being written at that moment. Calls after the first do nothing.
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
