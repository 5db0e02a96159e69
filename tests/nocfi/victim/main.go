//go:build linux && amd64 && cgo

// Victim is a program that crashes in C and assembly without call frame information:
//
//	victim FAULT [KEY=VALUE ...]
package main

// #cgo CFLAGS: -std=c11 -Wall -O2 -g -fomit-frame-pointer
// #cgo CFLAGS: -fno-asynchronous-unwind-tables -fno-exceptions
// #include "nocfi.h"
import "C"

import "github.com/epitaph-go/epitaph/internal/victim/scenario"

func main() {
	scenarios := make(map[string]func(scenario.Settings))
	for i, name := range []string{"null", "pushes", "framed", "prologue", "epilogue"} {
		scenarios[name] = func(s scenario.Settings) {
			s.Enable()
			C.nocfi_call(C.int(i), 5)
		}
	}
	scenario.Main(scenarios)
}
