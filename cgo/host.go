//go:build cgo && linux && (amd64 || arm64)

package cgo

// #include <stdlib.h>
// #include "report/hostline.h"
import "C"

import "unsafe"

// Libc says which C library the program runs with: "glibc 2.36".
func Libc() string { return C.GoString(C.epi_host_libc()) }

// SetHost says where the process runs: the host's name, the rest of a report's line, and
// the directory of the memory cgroup. The first call counts. Calls come one at a time.
func SetHost(name, facts, group string) {
	n, f, g := C.CString(name), C.CString(facts), C.CString(group)
	defer C.free(unsafe.Pointer(n))
	defer C.free(unsafe.Pointer(f))
	defer C.free(unsafe.Pointer(g))
	C.epi_host_set(n, f, g)
}
