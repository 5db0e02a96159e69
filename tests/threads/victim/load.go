//go:build cgo && linux && (amd64 || arm64)

package main

// #cgo LDFLAGS: -ldl
// #include <dlfcn.h>
// #include <stdlib.h>
// static int load(const char *path) { return dlopen(path, RTLD_NOW) != NULL; }
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

func init() { scenarios["load"] = load }

// load loads the library that LIBRARY names; the core is only linked, not enabled, when off is 1.
func load(off int) error {
	if off == 0 {
		if err := enable(); err != nil {
			return err
		}
	}
	path := C.CString(os.Getenv("LIBRARY"))
	defer C.free(unsafe.Pointer(path))
	fmt.Println("loaded", C.load(path))
	return nil
}
