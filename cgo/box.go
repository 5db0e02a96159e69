//go:build cgo && linux && (amd64 || arm64)

package cgo

// #include "goruntime/traceback_bit.h"
// #include "install/epitaph.h"
import "C"

import "unsafe"

// DetachBox closes the black box, if there is one, as one that ended well; false
// during a crash, which needs it.
func DetachBox() bool { return bool(C.epi_box_detach()) }

// BoxWorks tells whether a black box is attached and nothing is wrong with it.
func BoxWorks() bool { return bool(C.epi_box_works()) }

// WriteBoxWatch writes a boxformat.Watch to the black box, if there is one.
func WriteBoxWatch(watch []byte) bool {
	return bool(C.epi_box_write_watch(unsafe.Pointer(&watch[0]), C.size_t(len(watch))))
}

// WatchesSignals tells whether the core writes there what SIGTERM and its kin do.
func WatchesSignals() bool { return bool(C.epi_traceback_bit_marks()) }

// WriteBoxSlot writes a snapshot to the black box, if there is one.
func WriteBoxSlot(index uint64, slot []byte) bool {
	return bool(C.epi_box_write_slot(C.uint32_t(index), unsafe.Pointer(&slot[0]), C.size_t(len(slot))))
}
