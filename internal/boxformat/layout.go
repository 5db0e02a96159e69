// Package boxformat is the layout of a black box file: where everything is, and
// how the parts that Go writes are encoded. Package handler writes by it, and
// package blackbox reads by it, on any machine.
//
// All numbers are little-endian, and times are nanoseconds: "real" since 1970,
// others on the monotonic clock of the machine.
//
//	0        header   what program this is; written once, with a checksum
//	4096     status   whether it runs, ended or crashed; how it ended without a crash
//	8192     notes    breadcrumbs and annotations; native/notes.h
//	77824    slots    SlotCount snapshots of SlotSize bytes, written in turn
//	602112   report   the crash report's text; ends at the first NUL byte
//
// The notes are written through a mapping, everything else by pwrite. A number
// in this package that native/notes.h or native/box.h has too is compared with
// it by a test of package cgo.
package boxformat

// The parts of the file. Each begins on a page.
const (
	StatusOffset = 4096
	NotesOffset  = 2 * 4096
	NotesSize    = 17 * 4096
	SlotsOffset  = NotesOffset + NotesSize
	SlotCount    = 16
	SlotSize     = 32 << 10
	ReportOffset = SlotsOffset + SlotCount*SlotSize
	ReportSize   = 1 << 20
	FileSize     = ReportOffset + ReportSize
)

// The notes (native/notes.h): offsets from their start.
const (
	NotesCrumbs      = 0  // uint64: breadcrumbs begun so far
	NotesDropped     = 8  // uint64: breadcrumbs that found every record claimed
	NotesRefused     = 16 // uint64: annotations beyond Annotations keys
	NotesFrozen      = 24 // uint32: one of Open, Crash, Moving
	CrumbsOffset     = 4096
	Crumbs           = 128
	CrumbSize        = 256
	Annotations      = 64
	AnnotationsStart = CrumbsOffset + Crumbs*CrumbSize
	AnnotationSize   = 512
)

// The values at NotesFrozen.
const (
	NotesOpen   = 0
	NotesCrash  = 1 // a crash is reported: nothing is written
	NotesMoving = 2 // for some 0.1 ms; annotations wait for its end
)

// A breadcrumb or an annotation: offsets from its start. The sequence number is
// odd while the record is written; that of breadcrumb i is 2i+2.
const (
	NoteSequence    = 0
	NoteTime        = 8
	CrumbLength     = 16 // uint32, before the text was cut
	CrumbThread     = 20 // uint32: who left it; in version 1 nothing
	CrumbGoroutine  = 24 // uint64; in version 1 the text begins here
	CrumbText       = 32
	CrumbTextSize   = 224
	CrumbText1      = 24 // in version 1
	CrumbTextSize1  = 232
	KeyLength       = 16 // uint32
	ValueLength     = 20 // uint32; 0: the record is not in use
	AnnotationKey   = 24
	KeySize         = 64
	AnnotationValue = AnnotationKey + KeySize
	ValueSize       = 424
)
