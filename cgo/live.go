//go:build cgo && linux && (amd64 || arm64)

package cgo

// #include "goruntime/goroutines.h"
import "C"

import (
	"errors"
	"math"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// Live is the memory in which the core asks for the goroutines after a fault,
// and gets its answer (struct epi_goroutines). It stays mapped for the life of the
// process. The methods call no C and allocate nothing: they run while a C
// thread is crashing, which may hold the lock of malloc.
type Live struct{ c *C.struct_epi_goroutines }

// NewLive gets the memory; Ready lets the core ask.
func NewLive() (Live, error) {
	c := C.epi_goroutines_memory()
	if c == nil {
		return Live{}, errors.New("cgo: no address space for the goroutines of a crash")
	}
	return Live{c}, nil
}

// futex operations (linux/futex.h), on memory that no other process shares.
const (
	futexWaitPrivate = 0 | 128
	futexWakePrivate = 1 | 128
)

func (l Live) futex(operation, value uintptr) {
	syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(&l.c.wake)), operation, value, 0, 0, 0)
}

// Wakes returns a number that changes after every question and every Wake.
func (l Live) Wakes() uint32 { return atomic.LoadUint32((*uint32)(&l.c.wake)) }

// Wait blocks its thread as long as Wakes returns seen; it may return early.
func (l Live) Wait(seen uint32) { l.futex(futexWaitPrivate, uintptr(seen)) }

// Wake ends every Wait.
func (l Live) Wake() {
	atomic.AddUint32((*uint32)(&l.c.wake), 1)
	l.futex(futexWakePrivate, math.MaxInt32)
}

// Ready tells the core whether a goroutine waits for questions.
func (l Live) Ready(on bool) {
	var v uint32
	if on {
		v = 1
	}
	atomic.StoreUint32((*uint32)(&l.c.on), v)
}

// Question returns the question that is to be answered; false when there is
// none, or it is claimed.
func (l Live) Question() (question uint32, ok bool) {
	question = atomic.LoadUint32((*uint32)(&l.c.asked))
	return question, question != atomic.LoadUint32((*uint32)(&l.c.claimed))
}

// Claim takes on a question; false when another goroutine has, or the core does not
// want to know any more.
func (l Live) Claim(question uint32) bool {
	claimed := (*uint32)(&l.c.claimed)
	last := atomic.LoadUint32(claimed)
	return int32(question-last) > 0 && atomic.CompareAndSwapUint32(claimed, last, question)
}

// Started says that the world is about to be stopped for the question.
func (l Live) Started(question uint32) { atomic.StoreUint32((*uint32)(&l.c.started), question) }

// Done hands over the first size bytes of Text as the answer; 0: there is none.
func (l Live) Done(question uint32, size int) {
	l.c.size = C.uint64_t(size)
	atomic.StoreUint32((*uint32)(&l.c.done), question)
}

// Crashed returns the thread that crashed, and the id of the goroutine that it
// worked for: 0 when there is none.
func (l Live) Crashed() (thread int, goroutine int64) {
	return int(l.asker().thread), int64(l.asker().goroutine)
}

// Healthy reports whether the question is for a dump of a process that has not
// crashed.
func (l Live) Healthy() bool { return l.asker().healthy != 0 }

// asker is who asks the question that stands.
func (l Live) asker() *C.struct_epi_asker {
	return &l.c.asker[atomic.LoadUint32((*uint32)(&l.c.asked))%C.EPI_ASKERS]
}

// Current tells whether nothing has been asked since the question.
func (l Live) Current(question uint32) bool {
	return atomic.LoadUint32((*uint32)(&l.c.asked)) == question
}

// Text is where the answer is written.
func (l Live) Text() []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(l.c.text)), C.EPI_GOROUTINES_TEXT)
}

// Scratch is memory for the work on an answer.
func (l Live) Scratch() []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(l.c.scratch)), C.EPI_GOROUTINES_SCRATCH)
}

// A LastAct is how the crash hook is run after a panic.
type LastAct uint32

// There is none; it is run in a copy of the process; or the process goes on for it.
const (
	NoLastAct       LastAct = C.EPI_LAST_ACT_NONE
	LastActInCopy   LastAct = C.EPI_LAST_ACT_COPY
	LastActOnResume LastAct = C.EPI_LAST_ACT_RESUME
)

// WantCall tells the core whether there is a crash hook to call, and how. It is for a
// healthy process.
func (l Live) WantCall(want LastAct) { C.epi_goroutines_want_call(l.c, uint32(want)) }

// Called reports whether the crash hook is due and no goroutine has taken it
// on.
func (l Live) Called() bool {
	return atomic.LoadUint32((*uint32)(&l.c.called)) != 0 && atomic.LoadUint32((*uint32)(&l.c.taken)) == 0
}

// Call says that it has, after a panic or fatal error.
func (l Live) Call() { atomic.StoreUint32((*uint32)(&l.c.called), 1) }

// TakeCall takes it on; false when another goroutine has, or it is too late. CallEnded
// follows it.
func (l Live) TakeCall() bool { return atomic.CompareAndSwapUint32((*uint32)(&l.c.taken), 0, 1) }

// CallTold says that the context of the crash hook has ended.
func (l Live) CallTold() { atomic.StoreUint32((*uint32)(&l.c.told), 1) }

// CallEnded says that the crash hook has finished.
func (l Live) CallEnded() { atomic.StoreUint32((*uint32)(&l.c.ended), 1) }

// Report is the report's text as far as it was kept, and when the time of the last
// act is over, on the core's clock.
func (l Live) Report() (text []byte, until uint64) {
	return unsafe.Slice((*byte)(unsafe.Pointer(l.c.report)), l.c.report_size), uint64(l.c.until)
}
