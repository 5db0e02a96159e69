package dwarf

import (
	"bytes"

	"github.com/epitaph-go/epitaph/internal/symindex/objfile"
	"github.com/epitaph-go/epitaph/internal/symindex/offheap"
)

// A Str is a reference to a string: what section it is in, and where.
type Str uint64

// The kinds of strings. Those of .debug_str are references until the end, when
// all that are wanted are read in one pass over the section.
const (
	StrNone Str = iota << 60
	StrMain     // .debug_str
	StrLine     // .debug_line_str
	StrInfo     // .debug_info itself
	StrAlt      // .debug_str of the supplementary file
	strMask = 1<<60 - 1
)

// Kind is the reference without its offset.
func (s Str) Kind() Str { return s &^ strMask }

// Offset is where in its section the string is.
func (s Str) Offset() uint64 { return uint64(s & strMask) }

func makeStr(kind Str, offset uint64) Str {
	if offset > strMask {
		return StrNone
	}
	return kind | Str(offset)
}

// A File is the DWARF of an executable or a debug file, of a supplementary file,
// or of a split unit. What is read at random is in memory, outside of the heap;
// .debug_info and .debug_line are read as they come.
type File struct {
	Split bool // a .dwo: its strings are of it alone

	work       *Work
	tables     map[tableKey]*table
	info       *objfile.Section
	lines      lineStream
	abbrev     []byte
	ranges     []byte
	rnglists   []byte
	addr       []byte
	strOffsets []byte
	lineStr    []byte
	strSection *objfile.Section
	str        []byte
	noStr      bool // it could not be loaded
	scratch    [4096]byte
	borrowed   bool              // the memory is of another File
	open       [maxDepth + 1]int // of the one walk
}

// Open reads the DWARF of a file, or returns nil when it has none; of a split
// file's when split. The file must stay open until Close.
func Open(f *objfile.File, split bool, work *Work) (*File, error) {
	suffix := ""
	if split {
		suffix = ".dwo"
	}
	d := &File{Split: split, work: work, tables: make(map[tableKey]*table)}
	if d.info = f.Section(".debug_info" + suffix); d.info == nil {
		return nil, nil
	}
	for _, s := range []struct {
		name string
		to   *[]byte
	}{
		{".debug_abbrev", &d.abbrev}, {".debug_ranges", &d.ranges}, {".debug_rnglists", &d.rnglists},
		{".debug_addr", &d.addr}, {".debug_str_offsets", &d.strOffsets}, {".debug_line_str", &d.lineStr},
	} {
		section, err := f.Section(s.name + suffix).Load()
		if err != nil {
			d.Close()
			return nil, err
		}
		*s.to = section
		work.Slow(len(section))
	}
	d.strSection = f.Section(".debug_str" + suffix)
	d.lines.section = f.Section(".debug_line" + suffix)
	return d, nil
}

// Size is how many bytes of the DWARF are read.
func (f *File) Size() int64 {
	n := f.info.Size
	for _, s := range []*objfile.Section{f.lines.section, f.strSection} {
		if s != nil {
			n += s.Size
		}
	}
	for _, s := range [][]byte{f.abbrev, f.ranges, f.rnglists, f.addr, f.strOffsets, f.lineStr} {
		n += uint64(len(s))
	}
	return int64(min(n, 1<<50))
}

// Close releases the memory.
func (f *File) Close() {
	if f == nil {
		return
	}
	f.lines.close()
	f.tables = nil
	if f.borrowed {
		return
	}
	for _, s := range []*[]byte{&f.abbrev, &f.ranges, &f.rnglists, &f.addr, &f.strOffsets, &f.lineStr, &f.str} {
		offheap.Free(*s)
		*s = nil
	}
}

// FreeLines releases what only units and their lines need.
func (f *File) FreeLines() { f.lines.close() }

// Strings is the section .debug_str, or nil.
func (f *File) Strings() *objfile.Section { return f.strSection }

// mainText reads a string of .debug_str now: a unit needs its directory.
func (f *File) mainText(at uint64) []byte {
	if f.str == nil && f.strSection != nil && !f.noStr {
		if !f.strSection.Compressed() && !f.Split {
			n, _ := f.strSection.ReadAt(f.scratch[:], at)
			return bytes.Clone(textAt(f.scratch[:n], 0))
		}
		var err error
		f.str, err = f.strSection.Load()
		f.noStr = err != nil
	}
	return textAt(f.str, at)
}

// Text is a string of the unit, or nil; it stands until the next unit.
func (u *Unit) Text(s Str) []byte {
	var text []byte
	switch s.Kind() {
	case StrMain:
		text = u.File.mainText(s.Offset())
	case StrLine:
		text = textAt(u.File.lineStr, s.Offset())
	case StrInfo:
		text = textAt(u.data, s.Offset()-u.Offset)
	}
	u.File.work.Spend(len(text))
	return text
}
