//go:build cgo && linux && amd64

package cgo

// #include "goruntime/forkcopy.h"
import "C"

import (
	"errors"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// A Sandbox is the copy of a process that has died of a panic, in which Go says more
// of it; see native/sandbox.h. Its methods are for the function at its entry, which
// runs there, and do not call C.
type Sandbox struct{ area *C.struct_epi_forkcopy_area }

// NewSandbox has the core ask a copy of the process from now on, in which the
// goroutine that has died goes on at entry (revive.ResumeAt).
func NewSandbox(entry uintptr) (Sandbox, error) {
	area := C.epi_forkcopy_prepare(C.uintptr_t(entry))
	if area == nil {
		return Sandbox{}, errors.New("cgo: no memory to share with a copy of the process")
	}
	return Sandbox{area}, nil
}

// Ready tells whether there is one.
func (s Sandbox) Ready() bool { return s.area != nil }

// Attempt tells how often the same was asked before.
func (s Sandbox) Attempt() int { return int(s.area.attempt) }

// Answer is the answer, cut to the room that there is.
func (s Sandbox) Answer(text []byte) {
	size := copy(unsafe.Slice((*byte)(unsafe.Pointer(&s.area.text[0])), len(s.area.text)), whole(text, len(s.area.text)))
	s.area.size = C.uint32_t(size)
	s.area.whole_size = C.uint64_t(len(text))
	s.set(C.EPI_FORKCOPY_TEXT_IS)
}

// Reasons for which there is no answer.
const (
	OtherPanic = C.EPI_FORKCOPY_OTHER    // the value is not what was printed
	NoPanic    = C.EPI_FORKCOPY_NO_VALUE // the goroutine died of something else
)

// Refuse says why there is no answer.
func (s Sandbox) Refuse(reason uint32) { s.set(reason) }

func (s Sandbox) set(answer uint32) {
	atomic.StoreUint32((*uint32)(&s.area.answer), answer)
}

// End ends the copy, from a deferred function: also when the function panics.
func (s Sandbox) End() {
	for {
		_, _, _ = syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)
	}
}
