//go:build linux && amd64 && cgo

package main

// #include "ruled.h"
import "C"

var (
	told = map[string]C.int{"nobody": C.RULED_NOBODY, "unwinder": C.RULED_UNWINDER, "debugger": C.RULED_DEBUGGER, "taken-back": C.RULED_TAKEN_BACK}

	damages = map[string]C.int{"": C.RULED_INTACT, "ring": C.RULED_RING, "wild": C.RULED_WILD, "half": C.RULED_HALF,
		"garbage": C.RULED_GARBAGE, "endless": C.RULED_ENDLESS}
)

func init() {
	// Code that a JIT compiler has registered, as settings say, faults.
	add("ruled", func(s settings) {
		s.Enable()
		C.ruled_run(told[s["told"]], damages[s["damage"]])
	})
}
