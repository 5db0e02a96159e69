//go:build cgo && linux && amd64

package engine

import (
	"sync/atomic"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/gort"
	"github.com/epitaph-go/epitaph/internal/gort/panics"
	"github.com/epitaph-go/epitaph/internal/gort/revive"
)

// A thaw is what is needed to go on after a panic that nobody recovers, for the last
// act (native/thaw.h).
type thaw struct {
	goid   panics.Goid
	locked *int32 // keeps everybody from os.Exit (revive.Frozen)
	frozen revive.Frozen
	// actor is the goroutine of the last act, who may exit.
	actor     atomic.Uint64
	responder atomic.Pointer[responder]
}

// afterPanic is nil while there is no last act, and where the runtime is not known:
// then it is called after crashes of C only.
var afterPanic atomic.Pointer[thaw]

// prepareThaw has the core call the last act of r after a panic, too.
func prepareThaw(r *responder) {
	if t := afterPanic.Load(); t != nil {
		t.responder.Store(r)
		return
	}
	known := reader.Load()
	if known == nil || !sandbox.Ready() {
		return
	}
	frozen, err := revive.FindFrozen()
	if err != nil {
		return
	}
	t := &thaw{goid: known.goid, locked: frozen.ExitLock(), frozen: frozen}
	t.responder.Store(r)
	afterPanic.Store(t)
	exit := exitOrWait
	cgo.PrepareThaw(frozen, revive.ResumeAt(goOn), &exit)
}

// thawed tells whether a goroutine has died of a panic, and the process goes on for
// the last act alone.
func thawed() bool {
	t := afterPanic.Load()
	return t != nil && t.responder.Load().live.Thawed()
}

// lastActOfPanic runs the last act on the goroutine that has died, or rather waits for
// its end there: it has a goroutine of its own, as it has after a crash of C's. This one
// has the P for it, perhaps the only one that is left.
func lastActOfPanic() {
	revival.Revive()
	// Pinned, an allocation waits for no collection.
	gort.Pin()
	allocated = new([16]byte)
	gort.Unpin()
	t := afterPanic.Load()
	t.frozen.RecoverPs()
	r := t.responder.Load()
	r.live.Call()
	for r.runLastAct(); !r.live.Ended(); {
		<-r.acted
	}
	r.live.End()
}

// actBegins notes who runs the last act.
func (r *responder) actBegins() {
	if t := afterPanic.Load(); t != nil {
		t.actor.Store(t.goid.Current())
	}
}

// actEnds tells those who wait for it, the core or lastActOfPanic.
func (r *responder) actEnds() {
	r.live.CallEnded()
	select {
	case r.acted <- struct{}{}:
	default:
	}
}

// exitOrWait is what os.Exit calls after a panic, in the place of runtime.Gosched.
// A program often exits when the goroutines that it has waited for have ended, which
// one that panics does to those who wait; its death was the panic's, and so is its
// status. The last act itself may exit.
func exitOrWait() {
	if t := afterPanic.Load(); t.goid.Current() == t.actor.Load() {
		atomic.StoreInt32(t.locked, 0)
		return
	}
	select {}
}
