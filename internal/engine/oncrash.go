//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/engine/config"
	"github.com/epitaph-go/epitaph/internal/gort"
)

// A lastAct is what handler.WithOnCrash has set.
type lastAct func(ctx context.Context, report []byte)

// actor is the responder that has the crash hook, or had one: for a goroutine that has
// died and goes on, to which it is not handed.
var actor atomic.Pointer[responder]

// setLastAct replaces it, by that of the options, which may be none.
func (r *responder) setLastAct(c *config.Config) {
	act := lastAct(c.OnCrash)
	r.act.Store(&act)
	actor.Store(r)
	switch {
	case act == nil:
		r.live.WantCall(cgo.NoLastAct)
	case c.OnCrashResume:
		r.live.WantCall(cgo.LastActOnResume)
	default:
		r.live.WantCall(cgo.LastActInCopy)
	}
}

// call calls it, with what end makes of the time at which the context ends.
func (r *responder) call(end func(until time.Time) (context.Context, context.CancelFunc)) {
	report, until := r.live.Report()
	ctx, cancel := end(time.Now().Add(time.Duration(until - monotonic())))
	defer cancel()
	if act := r.act.Load(); act != nil && *act != nil {
		(*act)(ctx, report)
	}
}

// runLastAct calls it, if its time has come, on a goroutine of its own: it may
// end that (runtime.Goexit), or never come back. This goroutine goes on to wait
// for the core, which ends the process.
func (r *responder) runLastAct() {
	if !r.live.Called() {
		return
	}
	go func() {
		if !r.live.TakeCall() {
			return
		}
		defer r.actEnds()
		defer func() { _ = recover() }()
		r.actBegins()
		r.call(func(until time.Time) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithDeadline(context.Background(), until)
			// On a busy machine that may be long after until.
			context.AfterFunc(ctx, r.live.CallTold)
			return ctx, cancel
		})
	}()
}

// runLastActInCopy calls it in a copy of the process, on the goroutine that has died.
// There is no scheduler, so it stays pinned: an allocation neither begins a collection nor
// helps with one, which would wait for other threads, and what waits is a fatal error,
// which ends the copy at once. So is a panic, even one that is recovered: to be run once
// is worth more to an act than that, so there is no second copy, as there is for a panic
// that is reported.
func runLastActInCopy() {
	defer forkcopy.End()
	revival.Revive()
	gort.Pin()
	allocated = new([16]byte)
	actor.Load().call(func(until time.Time) (context.Context, context.CancelFunc) {
		return config.Copy{Until: until}, func() {}
	})
	forkcopy.Acted()
}
