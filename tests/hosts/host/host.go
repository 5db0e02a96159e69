//go:build linux && amd64 && cgo

// Package host is what the programs around a host have in common: each starts the host, has it
// work, and crashes inside it. A program is run as
//
//	program healthy|crash|time [KEY=VALUE ...]
package host

// #include <stdlib.h>
// #include "crash.h"
import "C"

import (
	"runtime"
	"time"
	"unsafe"

	_ "github.com/epitaph-go/epitaph/handler/interpose"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

// A Host is called on the program's first thread.
type Host interface {
	// Start starts it. Its argument is the setting "library".
	Start(library string) error
	// Work does something that has the same result each time.
	Work() int64
	// Crash has the host call [Crash] at some place: on this thread or on one of the host's own.
	Crash(place, kind string)
}

// Crash crashes in one of six ways: null, wild, abort, fpe, ill, overflow.
func Crash(kind string) {
	name := C.CString(kind)
	defer C.free(unsafe.Pointer(name))
	C.host_crash_now(name)
}

// CrashFunction is the C function that does it; it takes the kind as a string.
func CrashFunction() unsafe.Pointer { return C.host_crash_now }

// Main runs the scenario that the command line names. With the setting after, Epitaph is enabled
// when the host has been started.
func Main(h Host) {
	runtime.LockOSThread()
	start := func(s scenario.Settings) {
		if s["after"] == "" {
			s.Enable()
		}
		scenario.Must(h.Start(s["library"]))
		if s["after"] != "" {
			s.Enable()
		}
	}
	scenario.Main(map[string]func(scenario.Settings){
		"healthy": func(s scenario.Settings) {
			start(s)
			for range 3 {
				scenario.Say("work: %d", h.Work())
			}
			if s["go"] != "" {
				scenario.Say("in Go: %v", dereference())
			}
		},
		"crash": func(s scenario.Settings) {
			start(s)
			h.Work()
			h.Crash(s["place"], s["kind"])
		},
		// How long the host works, in nanoseconds.
		"time": func(s scenario.Settings) {
			start(s)
			h.Work()
			began := time.Now()
			for range s.Number("times") {
				h.Work()
			}
			scenario.Say("%d", time.Since(began).Nanoseconds())
		},
	})
}

// dereference is a fault of Go's, whatever handlers the host has.
//
//go:noinline
func dereference() (err any) {
	defer func() { err = recover() }()
	var nowhere *int
	*nowhere = 1
	return nil
}
