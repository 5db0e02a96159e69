//go:build linux && (amd64 || arm64) && cgo

package main

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wno-unused-parameter -I${SRCDIR}/../../../internal/victim/machine
// #include <stdlib.h>
// #include "crash.h"
import "C"

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() {
	add("crash", func(s settings) {
		s.Enable()
		crash(s)
	})
}

// crash crashes by the setting kind in the setting place: cgo (the default),
// goroutine, callback or thread.
func crash(s settings) {
	function := crashFunction(s)
	switch s["place"] {
	case "", "cgo":
		C.victim_call(function)
	case "goroutine":
		done := make(chan bool)
		go func() {
			C.victim_call(function)
			close(done)
		}()
		<-done
	case "callback":
		C.victim_call_back(function)
	case "thread":
		if errno := C.victim_on_thread(function); errno != 0 {
			scenario.Must(syscall.Errno(errno))
		}
	default:
		scenario.Must(fmt.Errorf("no place %q", s["place"]))
	}
	fmt.Fprintln(os.Stderr, "victim: went on after the crash")
}

// function is the C function that crashes by the setting kind, null by default.
func crashFunction(s settings) C.victim_function {
	kind := s["kind"]
	if kind == "" {
		kind = "null"
	}
	name := C.CString(kind)
	defer C.free(unsafe.Pointer(name))
	function := C.victim_kind(name)
	if function == nil {
		scenario.Must(fmt.Errorf("no kind %q", kind))
	}
	return function
}

//export goCallBack
func goCallBack(crash C.victim_function) {
	recoverMany(recoverInCallback)
	if crash != nil {
		C.victim_call(crash)
	}
}
