//go:build cgo && linux && amd64

package handler

import (
	"runtime"
	"unsafe"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/goroutines"
	"github.com/epitaph-go/epitaph/internal/gort"
)

// maxDump is up to how many goroutines their stacks are taken as text, with ids
// and states: some 10 us each, while the world is stopped. A profile takes 1 us
// each, mostly while it is not.
const maxDump = 10000

// live is what the report says of where these goroutines come from.
const live = "live"

// respond answers the core's question, if there is one. It runs while a C
// thread of this process is crashing: it calls no C, and takes no memory from C
// but what was handed over beforehand.
//
// Several may be at it. Each may be preempted at any moment, and then does not
// come back for seconds where many goroutines are ahead of it in the queue; so
// the question belongs to the first that holds the stacks in its hands and is
// pinned to its P, which nothing can take from it any more. Nor can another one
// change the stacks then: it would have to stop the world.
func (r *responder) respond() {
	question, ok := r.live.Question()
	if !ok {
		return
	}
	defer func() {
		// Memory is damaged, perhaps. A panic while pinned is a fatal error,
		// which the core sees (native/crashbit.h).
		if recover() != nil && r.live.Claim(question) {
			r.live.Done(question, 0)
		}
	}()
	cgo.ResponderTrouble()
	alive := runtime.NumGoroutine()
	if alive <= maxDump {
		r.dump(question, alive)
	} else {
		r.profile(question, alive)
	}
}

// dump answers with the stacks and states of all goroutines.
func (r *responder) dump(question uint32, alive int) {
	buf := r.live.Scratch()
	thread, goroutine := r.live.Crashed()
	r.live.Started(question)
	n := runtime.Stack(buf, true)
	gort.Pin()
	defer gort.Unpin()
	if !r.live.Claim(question) {
		return
	}
	set := goroutines.FromDump(buf[:n], goroutines.Source{
		Alive:     alive,
		Cut:       n == len(buf),
		Own:       isOwn,
		Entry:     isDump,
		Goroutine: goroutine,
		Thread:    thread,
	})
	r.live.Done(question, set.Render(r.live.Text(), live))
}

// profile does the same for goroutines in such numbers that a dump takes too
// long. Its records are not written while the world is stopped, so another one
// must not have the same memory.
func (r *responder) profile(question uint32, alive int) {
	var records []runtime.StackRecord
	if r.scratchTaken.CompareAndSwap(false, true) {
		defer r.scratchTaken.Store(false)
		memory := r.live.Scratch()
		// Records hold no pointers, so they may be in memory that Go does not
		// know.
		records = unsafe.Slice((*runtime.StackRecord)(unsafe.Pointer(&memory[0])),
			len(memory)/int(unsafe.Sizeof(runtime.StackRecord{})))
	}
	r.live.Started(question)
	n, ok := runtime.GoroutineProfile(records)
	for !ok {
		records = make([]runtime.StackRecord, n+n/10)
		n, ok = runtime.GoroutineProfile(records)
	}
	gort.Pin()
	defer gort.Unpin()
	if !r.live.Claim(question) {
		return
	}
	set := goroutines.FromProfile(records[:n], alive, isOwn)
	r.live.Done(question, set.Render(r.live.Text(), live))
}
