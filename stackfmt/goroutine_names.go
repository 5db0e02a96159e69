package stackfmt

import (
	"bytes"
	"hash/maphash"
)

// The same names and positions come again and again in a dump. Each is made into a
// string once, and looked up in tables that are direct-mapped: what falls on
// another's place takes it over, and only then a map is asked.

const nameSlots = 1 << 8

type nameTable struct {
	seed  maphash.Seed
	names [nameSlots]string
	all   map[string]string
	// positions are the last second lines of calls.
	positions [nameSlots]knownPosition
}

// maxInterned bounds the table of names, which a hostile stream could fill.
const maxInterned = 1 << 14

// knownPosition is a second line that was read, and the function that stood above
// it. An offset in a file belongs to one function, so the next line like it stands
// below the same one.
type knownPosition struct {
	text string
	position
	fn string
	// next is where the call may be found that stood below it the last time.
	next uint16
}

// position is what the second line of a call tells.
type position struct {
	file       string
	line       int
	offset, pc uint64
	c          bool
}

func newNameTable() *nameTable {
	return &nameTable{seed: maphash.MakeSeed(), all: make(map[string]string)}
}

func (t *nameTable) slot(b []byte) uint64 { return maphash.Bytes(t.seed, b) % nameSlots }

func (t *nameTable) intern(b []byte) string {
	slot := &t.names[t.slot(b)]
	if *slot == string(b) {
		return *slot
	}
	v, ok := t.all[string(b)]
	if !ok {
		if len(t.all) >= maxInterned {
			clear(t.all)
		}
		v = string(b)
		t.all[v] = v
	}
	*slot = v
	return v
}

// position reads the second line of a call. Those with the addresses of frames are
// hardly ever the same, so they are not kept.
// The second result is where this one is kept, nil if nowhere.
func (t *nameTable) position(b []byte) (position, *knownPosition, bool) {
	for len(b) > 0 && (b[0] == '\t' || b[0] == ' ') {
		b = b[1:]
	}
	last := bytes.LastIndexByte(b, ' ') + 1
	keep := len(b) < 512 && last < len(b) && b[last] == '+'
	var slot *knownPosition
	if keep {
		if slot = &t.positions[t.slot(b)]; slot.text == string(b) {
			return slot.position, slot, true
		}
	}
	loc, ok := parseLocation(b)
	if !ok {
		return position{}, nil, false
	}
	p := position{line: loc.line, offset: loc.offset, pc: loc.pc, c: loc.c}
	if len(loc.file) > 0 {
		p.file = t.intern(loc.file)
	}
	if keep {
		*slot = knownPosition{text: string(b), position: p}
	}
	return p, slot, true
}

// dumpFrame is a call in hand, which a Frame is made of when its stack is complete.
type dumpFrame struct {
	position
	fn      string
	elided  int
	argsEnd int
}

func (f *dumpFrame) frame() Frame {
	var to Frame
	f.fill(&to)
	return to
}

// fill sets the zero Frame to. To write its few fields costs a third of what it
// costs to copy a whole one.
func (f *dumpFrame) fill(to *Frame) {
	to.File, to.Line, to.Func = f.file, f.line, f.fn
	to.PC, to.Offset, to.Elided = f.pc, f.offset, f.elided
}
