//go:build cgo && linux && (amd64 || arm64)

package cgo

// #include "record/self.h"
import "C"

import (
	"runtime"

	"github.com/epitaph-go/epitaph/internal/gort"
	"github.com/epitaph-go/epitaph/internal/gort/threads"
)

// LearnSelf tells the core where a thread finds the goroutine that it works for, if C code
// that is called from Go finds the right one by it. The first call counts. Calls come one
// at a time.
func LearnSelf(l *threads.Layout) {
	rt, _ := gort.Load() // GetG is right even where the rest is not
	layout := C.struct_epi_self_layout{
		getg:    C.uintptr_t(rt.GetG),
		goid:    C.uintptr_t(l.Goid),
		status:  C.uintptr_t(l.Status),
		call:    C.uintptr_t(l.Call),
		m:       C.uintptr_t(l.M),
		current: C.uintptr_t(l.Current),
	}
	call := runtime.FuncForPC(uintptr(C.epi_self_learn(&layout)))
	if goroutine, _ := l.Self(); uint64(C.epi_self_goroutine()) != goroutine || call == nil || call.Name() != "runtime.cgocall" {
		C.epi_self_forget()
	}
}
