//go:build linux && cgo

package main

// #include "places.h"
import "C"

// goVisit is the Go function that C calls in the place callback. It is in a file of its own because a file with exports
// may not define C functions.
//
//export goVisit
func goVisit(crash C.demo_function) {
	C.demo_enter(crash)
}
