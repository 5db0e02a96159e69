//go:build cgo && linux && amd64

package cgo

// #include <stdlib.h>
// #include "epitaph.h"
import "C"

import (
	"fmt"
	"syscall"
	"unsafe"
)

// AttachBox makes an open file the black box; the core keeps a duplicate.
func AttachBox(fd int, path string) error {
	c := C.CString(path)
	defer C.free(unsafe.Pointer(c))
	if errno := C.epi_box_attach(C.int(fd), c); errno != 0 {
		return fmt.Errorf("cgo: attaching the black box: %w", syscall.Errno(errno))
	}
	return nil
}

// DetachBox closes the black box, if there is one, as one that ended well.
func DetachBox() { C.epi_box_detach() }

// BoxWorks tells whether a black box is attached and nothing is wrong with it.
func BoxWorks() bool { return bool(C.epi_box_works()) }

// WriteBoxSlot writes a snapshot to the black box, if there is one.
func WriteBoxSlot(index uint64, slot []byte) bool {
	return bool(C.epi_box_write_slot(C.uint32_t(index), unsafe.Pointer(&slot[0]), C.size_t(len(slot))))
}
