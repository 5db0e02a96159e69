//go:build cgo && linux && amd64

package cgo

// #include "epitaph.h"
// #include "notes.h"
// #include "ring.h"
import "C"

import "unsafe"

// Notes is where breadcrumbs and annotations are written, by the protocol of
// native/notes.h. It is C memory that stays where it is.
func Notes() unsafe.Pointer { return C.epi_notes_area() }

// Ring is where snapshots are written: boxformat.SlotCount slots.
func Ring() unsafe.Pointer { return C.epi_ring_area() }
