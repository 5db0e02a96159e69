//go:build cgo && linux && (amd64 || arm64)

package cgo

// #include "crash/leave.h"
import "C"

import (
	"time"
	"unsafe"
)

// MayLeave tells whether the calling goroutine may end the process now: no other thread's
// crash is being reported. Waited is for how long it has been asking, without the time for
// which the process was stopped.
func MayLeave(waited time.Duration) bool { return bool(C.epi_leave_may(C.uint64_t(waited))) }

// Leaves writes to the black box, if there is one, that the calling goroutine is about to
// end the process: how, as boxformat has it, with what status, and where.
func Leaves(how, status int, where string) {
	text := append([]byte(where), 0)
	C.epi_leave_goes(C.int(how), C.int(status), (*C.char)(unsafe.Pointer(&text[0])))
}

// LetLeave says that the crash hook is about to end the process.
func LetLeave() { C.epi_leave_let() }
