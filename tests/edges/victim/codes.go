//go:build linux && amd64 && cgo

package main

// #include "codes.h"
import "C"

import (
	"fmt"
	"os"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

var inCode func()

//export codesGo
func codesGo() { inCode() }

// kinds of code, by the names that the tests have for them.
var codeKinds = map[string]C.int{"framed": C.CODES_FRAMED, "bare": C.CODES_BARE, "leaf": C.CODES_LEAF, "pushed": C.CODES_PUSHED}

func init() {
	// Code without a module, of a kind, that faults or calls what does; with a file of
	// its names, as it is or as a symbolic link.
	add("code", func(s settings) {
		s.Enable()
		kind := codeKinds[s["kind"]]
		if s["names"] == "" {
			C.codes_run(kind, (*[0]byte)(C.codes_fault))
			return
		}
		// The code tells where it is before it faults.
		inCode = func() {
			writeNames(s["names"])
			C.codes_fault()
		}
		C.codes_run(kind, (*[0]byte)(C.codes_call_go))
	})

	// Dumps of a program with such code on two threads.
	add("code_dump", func(s settings) {
		s.Enable()
		inCode = func() {
			writeNames(s["names"])
			scenario.Must(handler.Dump(handler.WithInterrupt()))
		}
		go C.codes_run(codeKinds[s["kind"]], (*[0]byte)(C.codes_wait))
		C.codes_await()
		C.codes_run(codeKinds[s["kind"]], (*[0]byte)(C.codes_call_go))
	})
}

func namesPath() string { return fmt.Sprintf("/tmp/perf-%d.map", os.Getpid()) }

// writeNames gives the code the names "before" and then "the name", with others around.
func writeNames(how string) {
	place := uintptr(C.codes_place)
	text := fmt.Sprintf("%x 10 lower\n%x %x before\nno line\n0x%X %x the \u0416 name\n%x 10 higher\n",
		place-16, place, C.CODES_SIZE, place, C.CODES_SIZE, place+C.CODES_SIZE)
	path := namesPath()
	switch how {
	case "file":
		scenario.Must(os.WriteFile(path, []byte(text), 0o600))
	case "half":
		text += fmt.Sprintf("%x %x ha", place, C.CODES_SIZE) // of a line that is being written
		scenario.Must(os.WriteFile(path, []byte(text), 0o600))
	case "link":
		scenario.Must(os.WriteFile(path+".real", []byte(text), 0o600))
		scenario.Must(os.Symlink(path+".real", path))
	}
}
