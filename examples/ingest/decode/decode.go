// Package decode is the Go side of a decoder in C.
package decode

// #cgo CFLAGS: -g -O1 -Wall -Wextra
// #include "decode.h"
import "C"

import (
	"errors"
	"unsafe"
)

// ErrFormat says that a frame is not one.
var ErrFormat = errors.New("decode: not a frame")

// Frame decodes a frame, and returns how many rows it has.
func Frame(frame []byte) (rows int, err error) {
	n := C.decode_frame((*C.uint8_t)(unsafe.SliceData(frame)), C.size_t(len(frame)))
	if n < 0 {
		return 0, ErrFormat
	}
	return int(n), nil
}
