//go:build linux && (amd64 || arm64) && !go1.28

package revive

import (
	"errors"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/gort"
	"github.com/epitaph-go/epitaph/internal/gort/scan"
)

// A Revival is what keeps a goroutine from running on that the runtime has died on:
// where runtime.g has the flag by which it is asked to give its thread to others, and
// where runtime.m says that the thread is about to end the process.
type Revival struct {
	preempt  uintptr
	m, dying uintptr // in g, in m
}

// Valid tells whether it was found.
func (r Revival) Valid() bool { return r != Revival{} }

// Revive makes the calling goroutine one that runs on, in a process in which no other
// goroutine can ask for its thread. The first allocation does the rest: it takes the mark
// of a thread that is in the allocator away, which the runtime has set as well
// (runtime/panic.go, startpanic_m). Until then a panic is fatal.
func (r Revival) Revive() {
	g := gort.G()
	*(*bool)(unsafe.Add(g, r.preempt)) = false
	dying := (*int32)(unsafe.Add(*(*unsafe.Pointer)(unsafe.Add(g, r.m)), r.dying))
	if *dying == 1 { // as startpanic_m leaves it; anything else is something else
		*dying = 0
	}
}

// FindRevival reads off the runtime's code where these are.
func FindRevival() (r Revival, err error) {
	if r.preempt, err = findPreempt(); err != nil {
		return Revival{}, err
	}
	if r.m, r.dying, err = findDying(); err != nil {
		return Revival{}, err
	}
	return r, nil
}

// gopark is here for its code only. The runtime keeps it open to linkname
// (runtime/proc.go).
//
//go:linkname gopark runtime.gopark
func gopark()

// findPreempt looks at the end of a section in which preemption is put off, of which
// runtime.gopark has one (runtime/runtime1.go, releasem).
func findPreempt() (uintptr, error) {
	park := gopark
	found := preemptOffsets(scan.Body(scan.Entry(unsafe.Pointer(&park))))
	if len(found) != 1 || found[0] >= gort.GWords*8 {
		return 0, errors.New("gort/revive: runtime.g.preempt not found: unknown code in runtime.gopark")
	}
	return found[0], nil
}

// findDying looks at what decides where a print statement writes to (runtime/print.go,
// gwrite: gp.m.dying > 0).
func findDying() (m, dying uintptr, err error) {
	at := scan.PrintStatement()
	for _, name := range []string{"runtime.printstring", "runtime.gwrite"} {
		if at, err = scan.Called(at, name); err != nil {
			return 0, 0, err
		}
	}
	found := dyingOffsets(scan.Body(at))
	if len(found) != 1 || found[0].m%8 != 0 || found[0].dying%4 != 0 || found[0].dying >= 4096 {
		return 0, 0, errors.New("gort/revive: runtime.m.dying not found: unknown code in runtime.gwrite")
	}
	return found[0].m, found[0].dying, nil
}

// offsets are those of g's thread in g, and of its flag in m.
type offsets struct{ m, dying uintptr }
