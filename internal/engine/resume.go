//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"errors"
	"sync/atomic"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/gort"
	"github.com/epitaph-go/epitaph/internal/gort/panics"
	"github.com/epitaph-go/epitaph/internal/gort/revive"
)

// A resume is what is needed for the process to go on after an unrecovered
// panic, for the crash hook (native/goruntime/resume.h).
type resume struct {
	goid   panics.Goid
	locked *int32 // keeps everybody from os.Exit (revive.Frozen)
	frozen revive.Frozen
	// actor is the goroutine of the crash hook, who may exit.
	actor atomic.Uint64
}

// afterPanic is nil while no program has asked for it, and where the runtime is not
// known: then the crash hook is not called after a panic.
var afterPanic atomic.Pointer[resume]

// prepareResume has the core let the process go on after a panic, where the crash hook
// wants that.
func prepareResume() {
	known := reader.Load()
	if afterPanic.Load() != nil || known == nil || !forkcopy.Ready() {
		return
	}
	frozen, err := revive.FindFrozen()
	if err != nil {
		return
	}
	afterPanic.Store(&resume{goid: known.goid, locked: frozen.ExitLock(), frozen: frozen})
	exit := exitOrWait
	cgo.PrepareResume(frozen, revive.ResumeAt(goOn), &exit)
}

// resumed tells whether a goroutine has died of a panic, and the process goes on for
// the crash hook alone.
func resumed() bool {
	r := actor.Load()
	return r != nil && afterPanic.Load() != nil && r.live.Resumed()
}

// errCrashing is what a call has to say that the crash hook makes after a panic. It is said
// without a lock: a goroutine whose system call ended while Go stopped the world waits for
// ever (runtime.exitsyscall), and may have it.
var errCrashing = errors.New("epitaph: the process is crashing")

// lastActOfPanic runs the crash hook on the goroutine that has died, or rather waits for
// its end there: it has a goroutine of its own, as it has after a crash in C. This one
// has the P for it, perhaps the only one that is left.
func lastActOfPanic() {
	revival.Revive()
	// Pinned, an allocation waits for no collection.
	gort.Pin()
	allocated = new([16]byte)
	gort.Unpin()
	afterPanic.Load().frozen.RecoverPs()
	r := actor.Load()
	r.live.Call()
	for r.runLastAct(); !r.live.Ended(); {
		<-r.acted
	}
	r.live.End()
}

// actBegins notes who runs the crash hook.
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
// one that panics does to those who wait; it was the panic that ended the process, and
// so the status is the panic's. The crash hook itself may exit.
func exitOrWait() {
	if t := afterPanic.Load(); t.goid.Current() == t.actor.Load() {
		atomic.StoreInt32(t.locked, 0)
		return
	}
	select {}
}
