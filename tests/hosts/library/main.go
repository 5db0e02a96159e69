//go:build linux && amd64 && cgo

// Library is the program around a host that is a shared library: those of ../lib.
package main

// #cgo LDFLAGS: -ldl
// #include <stdlib.h>
// #include "load.h"
import "C"

import (
	"errors"
	"unsafe"

	"github.com/epitaph-go/epitaph/tests/hosts/host"
)

func main() { host.Main(loaded{}) }

type loaded struct{}

func (loaded) Start(library string) error {
	path := C.CString(library)
	defer C.free(unsafe.Pointer(path))
	if err := C.library_start(path); err != nil {
		return errors.New(C.GoString(err))
	}
	return nil
}

func (loaded) Work() int64 { return int64(C.library_work()) }

func (loaded) Crash(place, kind string) {
	C.library_crash(C.CString(place), (*[0]byte)(host.CrashFunction()), C.CString(kind))
}
