//go:build linux && cgo

package main

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE
// #cgo LDFLAGS: -pthread
// #include "places.h"
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

// A place is where on the stacks of C and Go a crash happens.
type place struct {
	name string
	text string
	// frames are the named functions between the crash and the start of the goroutine or thread, innermost first: C
	// functions by their symbol, Go functions as the runtime names them.
	frames []string
	// call calls a C function there, given as the address of a void (*)(void).
	call func(crash unsafe.Pointer)
}

func places() []place {
	return []place{
		{"main", "C called by the main goroutine, on the first thread",
			[]string{"demo_caller", "demo_enter", "main.atMain", "main.run", "main.setUpRun.func1", "main.command", "main.main"}, atMain},
		{"goroutine", "C called by another goroutine",
			[]string{"demo_caller", "demo_enter", "main.atGoroutine.func1"}, atGoroutine},
		{"cgo", "C functions called by nested Go functions, one of them inlined",
			[]string{"demo_caller", "demo_middle", "demo_outer", "main.decodeOne", "main.each[...]", "main.(*decoder).next", "main.atCgo",
				"main.run", "main.setUpRun.func1", "main.command", "main.main"}, atCgo},
		{"callback", "C called by a Go function that C called, which Go called",
			[]string{"demo_caller", "demo_enter", "main.goVisit", "demo_visit_one", "demo_visit", "main.atCallback", "main.run", "main.setUpRun.func1", "main.command",
				"main.main"}, atCallback},
		{"thread", "a thread that C created, with no Go on its stack",
			[]string{"demo_caller", "demo_thread_work", "demo_thread_main"}, atThread},
	}
}

func placeByName(name string) (place, bool) {
	for _, p := range places() {
		if p.name == name {
			return p, true
		}
	}
	return place{}, false
}

//go:noinline
func atMain(crash unsafe.Pointer) {
	C.demo_enter(C.demo_function(crash))
}

//go:noinline
func atGoroutine(crash unsafe.Pointer) {
	done := make(chan struct{})
	go func() {
		C.demo_enter(C.demo_function(crash))
		close(done)
	}()
	<-done
}

// decoder stands for a program's own types, so that the Go part of the stack has what real ones have: a method, a
// generic function, and a small function that the compiler inlines into it.
type decoder struct{ frames []unsafe.Pointer }

//go:noinline
func atCgo(crash unsafe.Pointer) {
	d := &decoder{frames: []unsafe.Pointer{crash}}
	d.next()
}

//go:noinline
func (d *decoder) next() {
	each(d.frames)
	d.frames = nil
}

//go:noinline
func each[T ~unsafe.Pointer](list []T) {
	for _, crash := range list {
		decodeOne(unsafe.Pointer(crash))
	}
}

func decodeOne(crash unsafe.Pointer) {
	C.demo_outer(C.demo_function(crash))
}

//go:noinline
func atCallback(crash unsafe.Pointer) {
	C.demo_visit(C.demo_function(crash))
}

//go:noinline
func atThread(crash unsafe.Pointer) {
	if errno := C.demo_on_thread(C.demo_function(crash)); errno != 0 {
		fmt.Fprintf(os.Stderr, "crashdemo: starting a thread: error %d\n", int(errno))
		os.Exit(exitFailure)
	}
}

// maskAllBut makes the thread that crashes block every signal but one.
func maskAllBut(signal int) {
	C.demo_mask_all_but(C.int(signal))
}
