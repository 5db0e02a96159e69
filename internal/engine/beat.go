//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"sync"
	"time"
)

// A beat calls a function again and again, on a goroutine that is there for the call only:
// a program does not see one that waits. When its timer expires the scheduler starts that
// goroutine next, as it would resume one (time.goFunc; runtime/proc.go, newproc).
type beat struct {
	call  func() (next time.Duration)
	timer *time.Timer

	mu      sync.Mutex // held by a call
	stopped bool
}

// startBeat has call called after a while, and again after what it returns; no more, if
// that is negative.
func startBeat(wait time.Duration, call func() (next time.Duration)) *beat {
	b := &beat{call: call}
	b.mu.Lock() // tick uses the timer
	defer b.mu.Unlock()
	b.timer = time.AfterFunc(wait, b.tick)
	return b
}

func (b *beat) tick() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return
	}
	if next := b.call(); next >= 0 {
		b.timer.Reset(next)
	}
}

// stop waits for a call that is under way. No other follows.
func (b *beat) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	b.timer.Stop()
}
