package symindex

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"

	"github.com/epitaph-go/epitaph/internal/symindex/dwarf"
	"github.com/epitaph-go/epitaph/internal/symindex/objfile"
	"github.com/epitaph-go/epitaph/internal/symindex/offheap"
)

// A nameTable gives numbers to names. Those of .debug_str stay references until
// the end, when all that are wanted are read in one pass over the section; of
// most of it, which names types and variables, nothing is wanted.
type nameTable struct {
	work    *dwarf.Work
	seed    maphash.Seed
	ids     map[dwarf.Str]uint32 // by reference, of the files that have one set of strings
	entries []nameEntry          // by number; 0 is the unknown name
	strings *offheap.Buffer
	offsets map[uint64]uint32 // by hash, in strings
}

type nameEntry struct {
	ref     dwarf.Str // StrNone: it was read
	at      uint32    // in the strings, 0: it has none
	mangled bool
	linkage bool   // a linkage name: of C where it is not mangled, by an asm label
	hash    uint64 // of the name as it was in the file
}

// maxName bounds what is read of a name; those of Boost have some 10 kB.
const maxName = 1 << 16

func newNameTable(work *dwarf.Work, limit int) *nameTable {
	t := &nameTable{
		work:    work,
		seed:    maphash.MakeSeed(),
		ids:     make(map[dwarf.Str]uint32),
		entries: make([]nameEntry, 1),
		strings: offheap.NewBuffer(limit),
		offsets: make(map[uint64]uint32),
	}
	_ = t.strings.WriteByte(0)
	return t
}

// blank gives the number of a name that is filled in later.
func (t *nameTable) blank() uint32 {
	t.entries = append(t.entries, nameEntry{})
	t.work.Spend(4)
	return uint32(len(t.entries) - 1)
}

// reference gives the number of a name in a section of strings.
func (t *nameTable) reference(s dwarf.Str) uint32 {
	if id, ok := t.ids[s]; ok {
		return id
	}
	id := t.blank()
	t.entries[id].ref = s
	t.ids[s] = id
	return id
}

// add gives the number of a name that is there; it may be known by another one.
func (t *nameTable) add(raw []byte) uint32 {
	if len(raw) == 0 {
		return 0
	}
	id := t.blank()
	t.set(id, raw)
	return id
}

// set gives a number its name.
func (t *nameTable) set(id uint32, raw []byte) {
	e := &t.entries[id]
	*e = nameEntry{mangled: isMangled(raw), linkage: e.linkage, hash: maphash.Bytes(t.seed, raw)}
	// Mangled names are made anew at some cost: each once.
	e.at = t.once(e.hash, raw, e.mangled)
	t.work.Spend(len(raw))
}

// once puts a name into the strings, unless it is there.
func (t *nameTable) once(hash uint64, raw []byte, mangled bool) uint32 {
	if at, ok := t.offsets[hash]; ok {
		return at
	}
	shown := elide(raw)
	if mangled {
		shown = readable(raw)
		t.work.Slow(demangleCost)
	}
	at := t.text(cutClone(shown))
	t.offsets[hash] = at
	return at
}

// demangleCost is that of a name, in bytes of DWARF: 20 µs.
const demangleCost = 4000

// text appends a string.
func (t *nameTable) text(s []byte) uint32 {
	at := t.strings.Len()
	t.strings.Write(s)
	_ = t.strings.WriteByte(0)
	return uint32(at)
}

// known tells whether the name was read, or will be by its reference.
func (t *nameTable) known(id uint32) bool {
	return t.entries[id].ref != dwarf.StrNone || t.entries[id].at != 0
}

// collect reads the names that are references of one kind, by rising offset.
func (t *nameTable) collect(section *objfile.Section, kind dwarf.Str) error {
	if section == nil {
		return nil
	}
	var ids []uint32
	for i := range t.entries {
		if ref := t.entries[i].ref; ref != dwarf.StrNone && ref.Kind() == kind {
			ids = append(ids, uint32(i))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.SortFunc(ids, func(a, b uint32) int { return cmp.Compare(t.entries[a].ref, t.entries[b].ref) })
	stream, err := section.Open()
	if err != nil {
		return err
	}
	w := window{stream: stream, work: t.work, data: make([]byte, 0, 4*windowSize)}
	for _, id := range ids {
		text, err := w.text(t.entries[id].ref.Offset())
		if err != nil {
			return err
		}
		t.set(id, text)
		if err := t.work.Err(); err != nil {
			return err
		}
	}
	return nil
}

// A window moves over a section of strings.
type window struct {
	stream *objfile.Stream
	work   *dwarf.Work
	data   []byte
	at     uint64 // of data in the section
}

const windowSize = 1 << 18

// text is the string at an offset, which is not before the last one asked for.
func (w *window) text(at uint64) ([]byte, error) {
	if at >= w.stream.Size {
		return nil, nil
	}
	for at >= w.at+uint64(len(w.data)) { // nothing that is here is wanted
		w.at += uint64(len(w.data))
		w.data = w.data[:0]
		if err := w.more(); err != nil {
			return nil, err
		}
	}
	if at+maxName > w.at+uint64(len(w.data)) && w.stream.Pos < w.stream.Size {
		n := copy(w.data, w.data[at-w.at:])
		w.data, w.at = w.data[:n], at
		if err := w.more(); err != nil {
			return nil, err
		}
	}
	text := w.data[at-w.at:]
	text = text[:min(len(text), maxName)]
	if n := bytes.IndexByte(text, 0); n >= 0 {
		text = text[:n]
	}
	return text, nil
}

func (w *window) more() error {
	n := int(min(w.stream.Size-w.stream.Pos, windowSize))
	from := len(w.data)
	w.data = w.data[:from+n]
	w.work.Slow(n)
	return w.stream.Read(w.data[from:])
}
