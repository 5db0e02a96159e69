//go:build linux && (amd64 || arm64) && cgo

// Victim is a program that crashes in C and assembly without call frame information:
//
//	victim FAULT [KEY=VALUE ...]
//
// With the setting early it crashes right after Enable.
package main

// #cgo CFLAGS: -std=c11 -Wall -O2 -g -fomit-frame-pointer
// #cgo CFLAGS: -fno-asynchronous-unwind-tables -fno-exceptions
// #include "nocfi.h"
import "C"

import (
	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func main() {
	scenarios := make(map[string]func(scenario.Settings))
	for i, name := range []string{"null", "pushes", "framed", "prologue", "epilogue"} {
		scenarios[name] = func(s scenario.Settings) {
			if s["early"] != "" { // it does not wait for the symbols
				scenario.Must(handler.Enable(s.Options()...))
			} else {
				s.Enable()
			}
			C.nocfi_call(C.int(i), 5)
		}
	}
	scenario.Main(scenarios)
}
