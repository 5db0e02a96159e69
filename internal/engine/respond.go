//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"runtime"
	"unsafe"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/engine/config"
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
	switch {
	case alive > maxDump:
		r.profile(question, alive)
	case alive > maxPinned && r.live.Healthy():
		r.dumpUnpinned(question, alive)
	default:
		r.dump(question, alive)
	}
}

// maxPinned is up to how many goroutines the work on their stacks may hold up a
// healthy program's next stop of the world: some 10 us each.
const maxPinned = 1000

// dump answers with the stacks and states of all goroutines.
func (r *responder) dump(question uint32, alive int) {
	buf := r.live.Scratch()
	source := r.source(alive)
	r.live.Started(question)
	n := runtime.Stack(buf, true)
	gort.Pin()
	defer gort.Unpin()
	if !r.live.Claim(question) {
		return
	}
	source.Cut = n == len(buf)
	set := goroutines.FromDump(buf[:n], source)
	r.live.Done(question, set.Render(r.live.Text(), live))
}

// dumpUnpinned does the same in memory of its own, and is pinned only while it
// hands the text over: the stop of the world for a collection would wait for the
// rest, and all goroutines with it. A crash may ask in the middle; then this
// answer is not wanted any more.
func (r *responder) dumpUnpinned(question uint32, alive int) {
	source := r.source(alive)
	buf := make([]byte, len(r.live.Scratch()))
	r.live.Started(question)
	n := runtime.Stack(buf, true)
	if !r.live.Claim(question) {
		return
	}
	source.Cut = n == len(buf)
	set := goroutines.FromDump(buf[:n], source)
	text := make([]byte, len(r.live.Text()))
	size := set.Render(text, live)
	gort.Pin()
	defer gort.Unpin()
	if r.live.Current(question) {
		copy(r.live.Text(), text[:size])
		r.live.Done(question, size)
	}
}

// source is what the question says of the stacks.
func (r *responder) source(alive int) goroutines.Source {
	thread, goroutine := r.live.Crashed()
	return goroutines.Source{Alive: alive, Own: config.IsOwn, Entry: config.IsDump, Goroutine: goroutine, Thread: thread}
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
	set := goroutines.FromProfile(records[:n], alive, config.IsOwn)
	r.live.Done(question, set.Render(r.live.Text(), live))
}
