// Package dec is what the tests of package crashtest test.
package dec

// #cgo CFLAGS: -O1 -g -fno-omit-frame-pointer
// #include "decode.h"
import "C"
import "unsafe"

// Decode decodes a frame.
func Decode(frame []byte) int {
	if len(frame) > 0 && frame[0] == 'g' {
		panic("a frame of Go's: " + string(frame[1:]))
	}
	return int(C.decode_frame((*C.uchar)(unsafe.Pointer(unsafe.SliceData(frame))), C.size_t(len(frame))))
}

// StartWorker starts a thread of C.
func StartWorker() { C.start_worker() }

// FirstPlane calls a function that compilers inline into the one that cgo makes for it.
func FirstPlane(frame []byte) int {
	return int(C.first_plane((*C.uchar)(unsafe.SliceData(frame))))
}
