//go:build cgo && linux && (amd64 || arm64)

package cgo

// #include "goruntime/cgotraceback.h"
// void crosscall2(void (*)(void *), void *, int, size_t); // of runtime/cgo
// int epi_call_behind_inits(void); // behindinits.c
// static uintptr_t address_of_crosscall2(void) { return (uintptr_t)crosscall2; }
// static void *traceback(void) { return (void *)epi_cgo_traceback; }
// static void *context(void) { return (void *)epi_cgo_context; }
// static void *symbolizer(void) { return (void *)epi_cgo_symbolizer; }
import "C"

import (
	"runtime"
	"sync"
	"unsafe"
)

// provider is what Go knows of the core's functions. Go keeps them for the life of the
// process; it takes a context function later, if there was none.
var provider struct {
	sync.Mutex
	registered, context bool
	refused             bool // the program has one of its own
	waiting             bool // a thread will register it
	wantContext         bool
}

// SetTraceback turns C frames in Go's own tracebacks on or off, and those behind calls
// from C. The functions are registered at the first time, at once if all packages are
// initialized; else when they are, so that a package that has functions of its own
// finds none and keeps them.
func SetTraceback(traceback, context, initialized bool) {
	C.epi_cgo_traceback_switch(C.bool(traceback), C.bool(context), C.address_of_crosscall2())
	if !traceback {
		return
	}
	provider.Lock()
	provider.wantContext = provider.wantContext || context
	done := provider.refused || provider.waiting || provider.registered && provider.context == provider.wantContext
	provider.waiting = provider.waiting || !done && !initialized
	provider.Unlock()
	switch {
	case done:
	case initialized:
		register()
	case C.epi_call_behind_inits() != 0:
		provider.Lock()
		provider.waiting = false // no thread could be made; the next Enable tries again
		provider.Unlock()
	}
}

// StopTraceback turns it off.
func StopTraceback() { C.epi_cgo_traceback_switch(false, false, C.address_of_crosscall2()) }

func register() {
	provider.Lock()
	defer provider.Unlock()
	provider.waiting = false
	defer func() {
		provider.refused = recover() != nil // "call SetCgoTraceback only once"
	}()
	var context unsafe.Pointer
	if provider.wantContext {
		context = C.context()
	}
	runtime.SetCgoTraceback(0, C.traceback(), context, C.symbolizer())
	provider.registered, provider.context = true, provider.wantContext
}

// epi_behind_inits is called by a C thread: Go lets that wait until all packages
// are initialized (runtime/cgocall.go, cgocallbackg1).
//
//export epi_behind_inits
func epi_behind_inits() { register() }
