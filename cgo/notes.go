//go:build cgo && linux && (amd64 || arm64)

package cgo

// #include "install/epitaph.h"
// #include "record/notes.h"
// #include "goruntime/panic_record.h"
// #include "record/ring.h"
import "C"

import (
	"sync/atomic"
	"unicode/utf8"
	"unsafe"
)

// Notes is where breadcrumbs and annotations are written, by the protocol of
// native/notes.h. It is C memory that stays where it is.
func Notes() unsafe.Pointer { return C.epi_notes_area() }

// Ring is where snapshots are written: boxformat.SlotCount slots.
func Ring() unsafe.Pointer { return C.epi_ring_area() }

// panicNotes is where panics are noted, by the protocol of native/panicnote.h.
var panicNotes = unsafe.Slice(C.epi_panic_records(), C.EPI_PANIC_RECORDS)

// NotePanic notes what a goroutine says of its panic: the first line of what Go
// will print, and a text; what does not fit is cut. Numbers go from 1 on. It is
// false when the place of the number is taken by a thread that was stopped in the
// middle: then the next number has another.
func NotePanic(number, goroutine uint64, message string, text []byte) bool {
	note := &panicNotes[number%uint64(len(panicNotes))]
	sequence := (*uint64)(&note.sequence)
	old := atomic.LoadUint64(sequence)
	if old&1 != 0 || old > 2*number || !atomic.CompareAndSwapUint64(sequence, old, 2*number-1) {
		return false
	}
	note.goroutine = C.uint64_t(goroutine)
	note.message_size = C.uint32_t(copy(unsafe.Slice((*byte)(unsafe.Pointer(&note.message[0])), len(note.message)), message))
	note.text_size = C.uint32_t(copy(unsafe.Slice((*byte)(unsafe.Pointer(&note.text[0])), len(note.text)), whole(text, len(note.text))))
	note.whole_size = C.uint64_t(len(text))
	atomic.StoreUint64(sequence, 2*number)
	return true
}

// whole is as much of a text as has room in n bytes, without a part of a character.
func whole(text []byte, n int) []byte {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
