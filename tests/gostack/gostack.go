//go:build cgo && linux && (amd64 || arm64)

// Package gostack has the C half of the tests of the Go unwinder: cgo is not
// allowed in test files.
package gostack

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE -O2 -I${SRCDIR}/../../native -Wall -Wextra -Wno-unused-parameter
// #include "capture.h"
// #include "unwind/pclntab.h"
import "C"

import (
	"fmt"
	"runtime/cgo"
	"syscall"
	"time"
	"unsafe"

	epicgo "github.com/epitaph-go/epitaph/cgo"
)

// Init fills the C side; once per process.
func Init() error {
	if err := epicgo.GoRuntime(unsafe.Pointer(&C.capture_go)); err != nil {
		return err
	}
	if errno := C.capture_init(); errno != 0 {
		return fmt.Errorf("capture_init: %w", syscall.Errno(errno))
	}
	return nil
}

// Function is one of the functions at a PC.
type Function struct {
	Name, File string
	Line       int
}

// Functions asks epi_pclntab_frames; callee is the function's in-out argument.
// ok is false when pc has no entry.
func Functions(pc uintptr, callee *uint8) (functions []Function, ok bool) {
	var frames [64]C.struct_epi_goframe
	n := C.epi_pclntab_frames(&C.capture_go, C.uintptr_t(pc), (*C.uint8_t)(callee), &frames[0], C.uint32_t(len(frames)))
	if n < 0 {
		return nil, false
	}
	for _, f := range frames[:n] {
		var name [4096]C.char
		C.epi_pclntab_print(&name[0], C.size_t(len(name)), f.function)
		functions = append(functions, Function{C.GoString(&name[0]), C.GoString(f.file), int(f.line)})
	}
	return functions, true
}

// Text is Go's text.
func Text() (start, end uintptr) {
	return uintptr(C.capture_go.text.start), uintptr(C.capture_go.text.end)
}

// SetTables switches between SP deltas and frame pointers.
func SetTables(on bool) { C.capture_go.tables = C.bool(on) }

// Frame is a frame of a walk.
type Frame struct {
	PC, SP     uintptr
	How, Flags uint8
}

// The constants of unwind.h that the tests look at.
const (
	HowReturn     = C.EPI_HOW_RETURN
	HowGo         = C.EPI_HOW_GO
	HowFP         = C.EPI_HOW_FP
	FlagExact     = C.EPI_FRAME_EXACT
	FlagGo        = C.EPI_FRAME_GO
	StopOutermost = C.EPI_STOP_OUTERMOST
)

// Walk is a stack as the core walked it.
type Walk struct {
	Frames  []Frame
	Stop    uint32
	Crossed bool
}

func walk(w *C.struct_capture_walk) Walk {
	result := Walk{Stop: uint32(w.stop), Crossed: bool(w.crossed)}
	for _, f := range w.frame[:w.count] {
		result.Frames = append(result.Frames, Frame{uintptr(f.pc), uintptr(f.sp), uint8(f.how), uint8(f.flags)})
	}
	return result
}

// Last is the walk of the newest Here.
func Last() Walk { return walk(&C.capture_last) }

// Here stops in C and walks.
func Here() { C.capture_here() }

// Steps counts the walks after single instructions.
type Steps struct {
	Err error // no single steps can be made here

	Total, Reached, Parked, Failed, Jumped uint64

	// Instructions of asmcgocall, cgocallback and crosscall2 among them.
	Border [3]uint64

	Failures []Walk    // the first of those that did not reach the root
	Jumps    [][2]Walk // and of the jumps
}

// StepBegin makes this thread trap after each instruction until StepEnd.
func StepBegin(root uintptr) { C.capture_step_begin(C.uintptr_t(root)) }

// StepEnd ends it.
func StepEnd() { C.capture_step_end() }

// LastSteps returns what was counted in between.
func LastSteps() Steps {
	c := &C.capture_steps
	s := Steps{Total: uint64(c.total), Reached: uint64(c.reached), Parked: uint64(c.parked), Failed: uint64(c.failed), Jumped: uint64(c.jumped)}
	if c.error != 0 {
		s.Err = syscall.Errno(c.error)
	}
	for i := range s.Border {
		s.Border[i] = uint64(c.border[i])
	}
	for i := range min(s.Failed, C.CAPTURE_FAILURES) {
		s.Failures = append(s.Failures, walk(&c.failure[i]))
	}
	for i := range min(s.Jumped, C.CAPTURE_FAILURES) {
		s.Jumps = append(s.Jumps, [2]Walk{walk(&c.jump[i][0]), walk(&c.jump[i][1])})
	}
	return s
}

// Random walks from count random register sets and returns the number of
// frames; the PC is in one of the functions or anywhere in Go text.
func Random(functions []uintptr, count int) uint64 {
	return uint64(C.capture_random((*C.uintptr_t)(unsafe.Pointer(unsafe.SliceData(functions))),
		C.size_t(len(functions)), C.uint64_t(count)))
}

// ReturnsOddly tells whether the core doubts a return from code at from to Go's text at to.
func ReturnsOddly(from, to uintptr) bool {
	return bool(C.capture_returns_oddly(C.uintptr_t(from), C.uintptr_t(to)))
}

// Native is an address of C code, and VDSO one in the vDSO, 0 if there is none.
func Native() uintptr { return uintptr(C.capture_thread_root()) }
func VDSO() uintptr   { return uintptr(C.capture_vdso()) }

// Measure is Here with the walk repeated; the time of one walk.
func Measure(rounds int) time.Duration {
	C.capture_rounds = C.uint64_t(rounds)
	C.capture_here()
	return time.Duration(C.capture_nanoseconds)
}

// CallGo calls f from C, on this thread; OnThread on a new one of C's.
func CallGo(f func()) {
	h := cgo.NewHandle(f)
	defer h.Delete()
	C.capture_call_go(C.uintptr_t(h))
}

// OnThread calls f on a thread that C creates.
func OnThread(f func()) error {
	h := cgo.NewHandle(f)
	defer h.Delete()
	if errno := C.capture_on_thread(C.uintptr_t(h)); errno != 0 {
		return syscall.Errno(errno)
	}
	return nil
}

// CallGoByRegisters is CallGo below frames of C that are found only by the
// registers that crosscall2 saves for C.
func CallGoByRegisters(f func()) {
	h := cgo.NewHandle(f)
	defer h.Delete()
	C.capture_call_go_by_registers(C.uintptr_t(h))
}

// ByRegisters are those frames' functions, innermost first.
func ByRegisters() (functions [5]uintptr) {
	for i := range functions {
		functions[i] = uintptr(C.capture_by_register(C.int(i)))
	}
	return functions
}

// OnThreadStepping calls f twice, the second time with a walk after each
// instruction of the thread's, from before C calls Go until after that.
func OnThreadStepping(f func()) error {
	h := cgo.NewHandle(f)
	defer h.Delete()
	if errno := C.capture_on_thread_stepping(C.uintptr_t(h)); errno != 0 {
		return syscall.Errno(errno)
	}
	return nil
}

// StepGoHandler raises a signal whose handler, in C, calls that of the runtime,
// with a walk after each instruction of the latter.
func StepGoHandler(root uintptr) error {
	if errno := C.capture_step_go_handler(C.uintptr_t(root)); errno != 0 {
		return syscall.Errno(errno)
	}
	return nil
}

// Nop calls a function of C that does nothing.
func Nop() { C.capture_nop() }

//export goCallback
func goCallback(arg C.uintptr_t) { cgo.Handle(arg).Value().(func())() }

// ThreadRoot is the function that new threads of C begin with.
func ThreadRoot() uintptr { return uintptr(C.capture_thread_root()) }
