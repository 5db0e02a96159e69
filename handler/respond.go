//go:build cgo && linux && amd64

package handler

import (
	"runtime"
	"strings"
	"unsafe"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/goroutines"
)

// maxDump is up to how many goroutines their stacks are taken as text, with ids
// and states: some 10 us each, while the world is stopped. A profile takes 1 us
// each, mostly while it is not.
const maxDump = 10000

// respond answers the core's question, if there is one. It runs while a C
// thread of this process is crashing: it calls no C, and takes no memory from C
// but what was handed over beforehand.
func (r *responder) respond() {
	for r.live.Asked() && r.busy.CompareAndSwap(false, true) {
		if question, ok := r.live.Claim(); ok {
			r.live.Done(question, r.answer(question))
		}
		r.busy.Store(false)
	}
}

// answer writes the goroutines into the memory that is there for them, and
// returns the size of the text. A panic on the way, in a process whose memory is
// damaged, means no answer.
func (r *responder) answer(question uint32) (size int) {
	defer func() {
		if recover() != nil {
			size = 0
		}
	}()
	cgo.ResponderTrouble()
	alive := runtime.NumGoroutine()
	r.live.Started(question)
	var set goroutines.Set
	if alive <= maxDump {
		set = r.dump(alive)
	} else {
		set = r.profile(alive)
	}
	return set.Render(r.live.Text(), "live")
}

func (r *responder) dump(alive int) goroutines.Set {
	buf := r.live.Scratch()
	n := runtime.Stack(buf, true)
	thread, goroutine := r.live.Crashed()
	return goroutines.FromDump(buf[:n], goroutines.Source{
		Alive:     alive,
		Cut:       n == len(buf),
		Own:       isOwn,
		Goroutine: goroutine,
		Thread:    thread,
	})
}

// profile is for goroutines in such numbers that a dump takes too long.
func (r *responder) profile(alive int) goroutines.Set {
	memory := r.live.Scratch()
	// Records hold no pointers, so they may be in memory that Go does not know.
	records := unsafe.Slice((*runtime.StackRecord)(unsafe.Pointer(&memory[0])),
		len(memory)/int(unsafe.Sizeof(runtime.StackRecord{})))
	n, ok := runtime.GoroutineProfile(records)
	for !ok {
		records = make([]runtime.StackRecord, n+n/10)
		n, ok = runtime.GoroutineProfile(records)
	}
	return goroutines.FromProfile(records[:n], alive, isOwn)
}

// ownPrefix is what the names of this package's functions begin with.
var ownPrefix = func() string {
	pc, _, _, _ := runtime.Caller(0)
	name := runtime.FuncForPC(pc).Name()
	slash := strings.LastIndexByte(name, '/') + 1
	dot := strings.IndexByte(name[slash:], '.')
	return name[:slash+dot+1]
}()

// isOwn reports whether a function that a goroutine was started with is this
// package's. No function of the program's is.
func isOwn(function string) bool { return strings.HasPrefix(function, ownPrefix) }
