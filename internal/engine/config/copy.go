package config

import (
	"context"
	"time"
)

// Copy is the context of a crash hook in a copy of the process, where no timer runs: it
// has no channel that would be closed, and its Err looks at the clock.
type Copy struct{ Until time.Time }

var _ context.Context = Copy{}

type inCopy struct{}

// IsInCopy tells whether a context is a Copy, or made from one.
func IsInCopy(ctx context.Context) bool { return ctx.Value(inCopy{}) != nil }

// Deadline is a moment before the copy is killed.
func (c Copy) Deadline() (time.Time, bool) { return c.Until, true }

// Done is nil: no goroutine could wait for it.
func (Copy) Done() <-chan struct{} { return nil }

// Err says whether the deadline has passed.
func (c Copy) Err() error {
	if time.Now().Before(c.Until) {
		return nil
	}
	return context.DeadlineExceeded
}

// Value has the one that IsInCopy asks for.
func (Copy) Value(key any) any {
	if key == (inCopy{}) {
		return true
	}
	return nil
}
