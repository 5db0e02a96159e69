package stackfmt

import (
	"bufio"
	"sync"
)

// scanners keeps the tables and buffers of scanners for the next dump. They hold
// copies of names only, and no large ones are kept.
var scanners = sync.Pool{New: func() any { return &dumpScanner{nameTable: newNameTable()} }}

const (
	maxKeptNames  = 1 << 12
	maxKeptFrames = 1 << 10
	maxKeptText   = 16 << 10
)

// newDumpScanner returns a scanner for a dump of about that many bytes.
func newDumpScanner(bytes int, emit func(DumpPart) bool) *dumpScanner {
	s := scanners.Get().(*dumpScanner)
	s.size, s.locations.size = bytes, bytes
	s.emit = emit
	return s
}

// release gives the scanner back, without anything of the dump but names.
func (s *dumpScanner) release() {
	if len(s.all) > maxKeptNames {
		return
	}
	kept := dumpScanner{nameTable: s.nameTable.kept(), locations: s.locations.kept(), repeats: s.repeats.kept()}
	if cap(s.calls) <= maxKeptFrames {
		clear(s.calls[:max(s.mostCalls, len(s.calls))])
		kept.calls = s.calls[:0]
	}
	if cap(s.heldText) <= maxKeptText {
		kept.heldText = s.heldText[:0]
	}
	*s = kept
	scanners.Put(s)
}

// readers keeps the buffers of streams for the next one.
var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, maxDumpLine) }}
