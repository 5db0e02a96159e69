package stackfmt

import (
	"bytes"
	"hash/maphash"
)

// The same names and positions come again and again in a dump. Each is made into a
// string once, and looked up in tables that are direct-mapped: what falls on
// another's place takes it over, and only then a map is asked.

const nameSlots = 1 << 7

type nameTable struct {
	seed  maphash.Seed
	names [nameSlots]string
	all   map[string]string
	// positions are the last second lines of calls.
	positions [nameSlots]knownPosition
}

// maxInterned bounds the table of names, which a hostile stream could fill.
const maxInterned = 1 << 14

type knownPosition struct {
	text string
	position
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
func (t *nameTable) position(b []byte) (position, bool) {
	for len(b) > 0 && (b[0] == '\t' || b[0] == ' ') {
		b = b[1:]
	}
	last := bytes.LastIndexByte(b, ' ') + 1
	keep := len(b) < 512 && last < len(b) && b[last] == '+'
	var slot *knownPosition
	if keep {
		if slot = &t.positions[t.slot(b)]; slot.text == string(b) {
			return slot.position, true
		}
	}
	loc, ok := parseLocation(b)
	if !ok {
		return position{}, false
	}
	p := position{line: loc.line, offset: loc.offset, pc: loc.pc, c: loc.c}
	if len(loc.file) > 0 {
		p.file = t.intern(loc.file)
	}
	if keep {
		*slot = knownPosition{string(b), p}
	}
	return p, true
}

// dumpFrame is a call in hand, which a Frame is made of when its stack is complete.
type dumpFrame struct {
	position
	fn      string
	elided  int
	argsEnd int
}

func (f *dumpFrame) frame() Frame {
	return Frame{File: f.file, Line: f.line, Func: f.fn, PC: f.pc, Offset: f.offset, Elided: f.elided}
}
