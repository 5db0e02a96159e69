//go:build cgo && linux && (amd64 || arm64)

package cgo

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE -I${SRCDIR}/../native
// #include "unwind/gostack.h"
// #include "unwind/pclntab.h"
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/gort"
	"github.com/epitaph-go/epitaph/internal/gort/panics"
	"github.com/epitaph-go/epitaph/internal/gort/vars"
)

// GoRuntime fills the struct epi_goruntime at to with what is known about the
// Go part of the process.
//
// An error is the reason why Go frames will have no names: the text bounds are
// set even then, so that Go's faults are still told from C's; without the
// tables the core follows frame pointers.  What else is not found turns a part
// of the core off, without an error.  Healthy process only.
func GoRuntime(to unsafe.Pointer) error {
	c := (*C.struct_epi_goruntime)(to)
	rt, err := gort.Load()
	masks, _ := vars.FindSignalMasks() // else a signal from outside is reported though the program has asked for it
	goid, _ := panics.FindGoid()       // else the goroutine that crashed is one among the others
	level, _ := vars.FindTraceback()   // else panics and fatal errors of Go are not reported
	backlog, _ := vars.FindBacklog()   // else the messages of fatal errors are on standard error only
	*c = C.struct_epi_goruntime{
		text:           C.struct_epi_range{start: C.uintptr_t(rt.Text), end: C.uintptr_t(rt.EText)},
		getg:           C.uintptr_t(rt.GetG),
		signal_wanted:  C.uintptr_t(masks.Wanted),
		signal_ignored: C.uintptr_t(masks.Ignored),
		goid:           C.uintptr_t(goid),
		traceback:      C.uintptr_t(level),
		backlog:        C.uintptr_t(backlog.Ring),
		backlog_index:  C.uintptr_t(backlog.Index),
	}
	if err != nil {
		return err
	}
	c.pclntab = C.struct_epi_range{start: C.uintptr_t(rt.Pclntab), end: C.uintptr_t(rt.EPclntab)}
	c.gofunc = C.uintptr_t(rt.GoFunc)
	c.module, c.gofunc_word = C.uintptr_t(rt.Module), C.uint32_t(rt.GoFuncWord)
	c.last_module = C.uintptr_t(rt.LastModule)
	c.tables = C.epi_pclntab_readable(c)
	if !c.tables {
		return fmt.Errorf("cgo: the function table at %#x is not one that the core reads", rt.Pclntab)
	}
	if err := VerifyNames(to); err != nil {
		return err
	}
	c.names = true
	return nil
}

// VerifyNames compares what the core reads from the function table with what
// runtime.CallersFrames says, for the frames of some calls that are chosen to
// hold every kind of entry: inlined calls, closures, methods, instances of
// generic functions, functions of the standard library and of the runtime.
// It takes some 50 us.
//
// A disagreement means that a Go release has changed the table without changing
// its magic number.
func VerifyNames(goruntime unsafe.Pointer) error {
	c := (*C.struct_epi_goruntime)(goruntime)
	var pcs [sampleFrames]uintptr
	for _, sample := range samples {
		n := sample(pcs[:])
		if err := verifyStack(c, pcs[:n]); err != nil {
			return err
		}
	}
	return nil
}

// verifyStack compares the frames of one result of runtime.Callers.
func verifyStack(c *C.struct_epi_goruntime, pcs []uintptr) error {
	if len(pcs) == 0 {
		return fmt.Errorf("cgo: runtime.Callers has no frames")
	}
	frames := runtime.CallersFrames(pcs)
	for len(pcs) > 0 {
		// Callers lists inlined calls one by one, with a PC made up for
		// each; the core finds all of them at the first.
		var found [16]C.struct_epi_goframe
		var callee C.uint8_t
		n := int(C.epi_pclntab_frames(c, C.uintptr_t(pcs[0]-1), &callee, &found[0], C.uint32_t(len(found))))
		if n < 1 || n > len(pcs) {
			return fmt.Errorf("cgo: %d functions found at PC %#x, where %d are left", n, pcs[0], len(pcs))
		}
		for _, got := range found[:n] {
			want, _ := frames.Next()
			var name [256]C.char
			length := C.epi_pclntab_print(&name[0], C.size_t(len(name)), got.function)
			function := unsafe.String((*byte)(unsafe.Pointer(&name[0])), int(length))
			if len(want.Function) < len(name) && function != want.Function ||
				cstring(got.file) != want.File || int(got.line) != want.Line {
				return fmt.Errorf("cgo: PC %#x is %s at %s:%d by the table, %s at %s:%d by the runtime", pcs[0],
					function, cstring(got.file), int(got.line), want.Function, want.File, want.Line)
			}
		}
		pcs = pcs[n:]
	}
	return nil
}

// cstring is the terminated string at p without a copy; it is in the function
// table, which stays.
func cstring(p *C.char) string {
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return unsafe.String((*byte)(unsafe.Pointer(p)), n)
}
