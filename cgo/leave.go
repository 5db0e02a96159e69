//go:build cgo && linux && amd64

package cgo

// #include "crash/leave.h"
import "C"

// MayLeave tells whether the calling goroutine may end the process now: no other thread's
// crash is being reported. Since, on the core's clock, is when it has asked first.
func MayLeave(since uint64) bool { return bool(C.epi_leave_may(C.uint64_t(since))) }

// LetLeave says that the program's last act is about to end the process.
func LetLeave() { C.epi_leave_let() }
