//go:build cgo && linux && (amd64 || arm64)

package cgo

// #include "goruntime/crash_output.h"
import "C"

import "errors"

// OpenGoText returns a descriptor for what Go says when it dies; the caller owns
// it. The core reads it back for the report.
func OpenGoText() (uintptr, error) {
	fd := C.epi_crash_output_open()
	if fd < 0 {
		return 0, errors.New("cgo: no file for what Go says when it dies")
	}
	return uintptr(fd), nil
}

// IsGoText tells whether fd still is what OpenGoText returned.
func IsGoText(fd uintptr) bool { return bool(C.epi_crash_output_is(C.int(fd))) }
