//go:build cgo && linux && (amd64 || arm64)

package cgo

// #include "goruntime/forkcopy.h"
import "C"

import (
	"errors"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// A ForkCopy is the copy of a process that has died of a panic, in which Go says more
// of it, or runs the crash hook; see native/goruntime/forkcopy.h. Its methods are for the function at its entry, which
// runs there, and do not call C.
type ForkCopy struct{ area *C.struct_epi_forkcopy_area }

// NewForkCopy has the core make copies of the process from now on, in which the
// goroutine that has died goes on at entry (revive.ResumeAt).
func NewForkCopy(entry uintptr) (ForkCopy, error) {
	area := C.epi_forkcopy_prepare(C.uintptr_t(entry))
	if area == nil {
		return ForkCopy{}, errors.New("cgo: no memory to share with a copy of the process")
	}
	return ForkCopy{area}, nil
}

// Ready tells whether there is one.
func (f ForkCopy) Ready() bool { return f.area != nil }

// IsForLastAct tells what the copy is for: the crash hook, or the panic.
func (f ForkCopy) IsForLastAct() bool { return f.area.task == C.EPI_FORKCOPY_LAST_ACT }

// Attempt tells how often the same was asked before.
func (f ForkCopy) Attempt() int { return int(f.area.attempt) }

// Answer is the answer, cut to the room that there is.
func (f ForkCopy) Answer(text []byte) {
	size := copy(unsafe.Slice((*byte)(unsafe.Pointer(&f.area.text[0])), len(f.area.text)), whole(text, len(f.area.text)))
	f.area.size = C.uint32_t(size)
	f.area.whole_size = C.uint64_t(len(text))
	f.set(C.EPI_FORKCOPY_TEXT_IS)
}

// Reasons for which there is no answer.
const (
	OtherPanic = C.EPI_FORKCOPY_OTHER    // the value is not what was printed
	NoPanic    = C.EPI_FORKCOPY_NO_VALUE // the goroutine died of something else
)

// Acted says that the crash hook has finished.
func (f ForkCopy) Acted() { f.set(C.EPI_FORKCOPY_ACTED) }

// Refuse says why there is no answer.
func (f ForkCopy) Refuse(reason uint32) { f.set(reason) }

func (f ForkCopy) set(answer uint32) {
	atomic.StoreUint32((*uint32)(&f.area.answer), answer)
}

// End ends the copy, from a deferred function: also when the function panics.
func (f ForkCopy) End() {
	for {
		_, _, _ = syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)
	}
}
