//go:build cgo && linux && amd64

package engine

import (
	"context"
	"time"
)

// A lastAct is what handler.WithOnCrash has set.
type lastAct func(ctx context.Context, report []byte)

// setLastAct replaces it; nil is none.
func (r *responder) setLastAct(act lastAct) {
	r.act.Store(&act)
	r.live.WantCall(act != nil)
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
		report, until := r.live.Report()
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(until-monotonic()))
		defer cancel()
		if act := r.act.Load(); act != nil && *act != nil {
			(*act)(ctx, report)
		}
	}()
}
