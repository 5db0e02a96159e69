//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"sync"
	"sync/atomic"
	"time"
)

// A beat calls a function again and again, on a goroutine that is there for the call only:
// a program does not see one that waits. When its timer expires the scheduler starts that
// goroutine next, as it would resume one (time.goFunc; runtime/proc.go, newproc).
type beat struct {
	call     func() (next time.Duration)
	timer    *time.Timer
	stopping atomic.Bool
	once     sync.Once
	ended    chan struct{}
}

// startBeat has call called after a while, and again after what it returns; no more, if
// that is negative.
func startBeat(wait time.Duration, call func() (next time.Duration)) *beat {
	b := &beat{call: call, ended: make(chan struct{})}
	b.timer = time.AfterFunc(time.Hour, b.tick) // tick uses it, so it has to be there before
	b.timer.Reset(wait)
	return b
}

func (b *beat) end() { b.once.Do(func() { close(b.ended) }) }

func (b *beat) tick() {
	if b.stopping.Load() {
		b.end()
		return
	}
	next := b.call()
	if next < 0 {
		b.end()
		return
	}
	b.timer.Reset(next)
	if b.stopping.Load() && b.timer.Stop() { // stop came before the timer was set
		b.end()
	}
}

// stop waits for a call that is under way. No other follows.
func (b *beat) stop() {
	b.stopping.Store(true)
	if b.timer.Stop() {
		b.end()
	}
	<-b.ended
}
