//go:build linux && (amd64 || arm64)

package threads

import (
	"errors"
	"math/bits"
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/gort"
	"github.com/epitaph-go/epitaph/internal/gort/panics"
)

// offsetM is where g points to its thread: the seventh word since Go 1.4 (runtime2.go: "offset
// known to arm liblink").
const offsetM = 48

// words is how much of runtime.m is looked at; it has three times as many.
const words = 64

// A Layout is where things are, as offsets. The zero value is that of an unknown runtime.
type Layout struct {
	Goid     uintptr // in runtime.g: the goroutine's id
	Status   uintptr // in runtime.g: its status, a uint32
	Call     uintptr // in runtime.g: where it has made a system call, or called C; not checked
	M        uintptr // in runtime.g: its thread
	ThreadID uintptr // in runtime.m: the kernel's number of the thread
	Current  uintptr // in runtime.m: the goroutine that runs on it
}

// Valid tells whether it was found.
func (l *Layout) Valid() bool { return l.Goid != 0 }

// Self returns the ids of the calling goroutine and of the thread that it runs on.
func (l *Layout) Self() (goroutine uint64, thread uint32) {
	g := gort.G()
	m := *(*unsafe.Pointer)(unsafe.Add(g, l.M))
	return *(*uint64)(unsafe.Add(g, l.Goid)), *(*uint32)(unsafe.Add(m, l.ThreadID))
}

// samples is how many threads have to agree.
const samples = 4

// running is runtime._Grunning.
const running = 2

// Find finds the layout. It takes some 50 us.
func Find() (Layout, error) {
	goid, err := panics.FindGoid()
	if err != nil {
		return Layout{}, err
	}
	l := Layout{Goid: uintptr(goid), Status: uintptr(goid) - 8, Call: uintptr(goid) - 40, M: offsetM}
	ids, current := ^uint64(0), ^uint64(0)
	type sample struct{ ids, current uint64 }
	found := make(chan sample)
	for range samples {
		go func() { found <- sample{wordsWithID(), wordsWithG(l.Status)} }()
		s := <-found
		ids, current = ids&s.ids, current&s.current
	}
	if bits.OnesCount64(ids) != 1 {
		return Layout{}, errors.New("gort/threads: not one word of runtime.m holds the thread's number")
	}
	// Without cgo the thread-local storage is in m, in front of curg, and holds g.
	if n := bits.OnesCount64(current); n < 1 || n > 2 {
		return Layout{}, errors.New("gort/threads: not one word of runtime.m leads to the goroutine, or its status is elsewhere")
	}
	l.ThreadID, l.Current = last(ids), last(current)
	return l, nil
}

// last is the offset of the last word in a set.
func last(set uint64) uintptr { return uintptr(bits.Len64(set)-1) * unsafe.Sizeof(set) }

// thread is the first words of the calling goroutine's runtime.m. The caller stays on it.
func thread() *[words]uintptr {
	return *(**[words]uintptr)(unsafe.Add(gort.G(), offsetM))
}

// wordsWithID has a bit for each word of the thread's m that holds its number.
func wordsWithID() (set uint64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	id := uintptr(syscall.Gettid())
	for i, w := range thread() {
		if w == id {
			set |= 1 << i
		}
	}
	return set
}

// wordsWithG has one for each word that points to the goroutine; none where its status is
// not what it has to be. (A goroutine that is locked to its thread is in another word too.)
func wordsWithG(status uintptr) (set uint64) {
	gort.Pin()
	defer gort.Unpin()
	g := gort.G()
	if atomic.LoadUint32((*uint32)(unsafe.Add(g, status))) != running {
		return 0
	}
	for i, w := range thread() {
		if w == uintptr(g) {
			set |= 1 << i
		}
	}
	return set
}
