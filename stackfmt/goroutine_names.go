package stackfmt

import (
	"bytes"
	"hash/maphash"
)

// The same names and positions come again and again in a dump, and in the next dump of the
// same program. Each is made into a string once.

type nameTable struct {
	seed maphash.Seed
	all  map[string]string
	// state is the last name that was interned for a goroutine's state, as most have the
	// same one.
	state string
	// positions are the second lines of calls that were read; the first one stands for
	// none. slots find them by a hash of their text: a slot holds the place in positions,
	// 0 if it is free.
	positions []knownPosition
	slots     []uint32
	// used are those that this dump has a Location for.
	used []uint32
}

const (
	// maxInterned bounds the tables, which a hostile stream could fill.
	maxInterned = 1 << 14
	// minNameSlots is a power of two, as all sizes of the table are.
	minNameSlots = 1 << 6
	// noPosition is the place of a second line that is not kept.
	noPosition = 0
)

// knownPosition is a second line that was read, and the function that stood above
// it. An offset in a file belongs to one function, so the next line like it stands
// below the same one.
type knownPosition struct {
	text string
	position
	fn string
	// at is the Location that the dump in hand has for it, nil if it has none yet.
	at   *Location
	hash uint32
	// next is where the call may be found that stood below it the last time.
	next uint32
}

// position is what the second line of a call tells.
type position struct {
	file       string
	line       int
	offset, pc uint64
	c          bool
}

func newNameTable() *nameTable {
	return &nameTable{
		seed: maphash.MakeSeed(), all: make(map[string]string),
		positions: make([]knownPosition, 1, minNameSlots/2), slots: make([]uint32, minNameSlots),
	}
}

func (t *nameTable) intern(b []byte) string {
	v, ok := t.all[string(b)]
	if !ok {
		if len(t.all) >= maxInterned {
			clear(t.all)
		}
		v = string(b)
		t.all[v] = v
	}
	return v
}

func (t *nameTable) internState(b []byte) string {
	if t.state != string(b) {
		t.state = t.intern(b)
	}
	return t.state
}

func (t *nameTable) hash(b []byte) uint32 { return uint32(maphash.Bytes(t.seed, b)) }

// find returns the place of a second line in positions, noPosition if it is not there.
func (t *nameTable) find(b []byte, hash uint32) uint32 {
	mask := uint32(len(t.slots) - 1)
	for slot := hash & mask; t.slots[slot] != noPosition; slot = (slot + 1) & mask {
		at := t.slots[slot]
		if k := &t.positions[at]; k.hash == hash && k.text == string(b) {
			return at
		}
	}
	return noPosition
}

// add keeps a second line, and returns its place.
func (t *nameTable) add(k knownPosition) uint32 {
	if len(t.positions) > maxInterned {
		t.forget()
	}
	if 2*len(t.positions) > len(t.slots) {
		t.slots = make([]uint32, 2*len(t.slots))
		for i := range t.positions[1:] {
			t.fill(t.positions[i+1].hash, uint32(i+1))
		}
	}
	at := uint32(len(t.positions))
	t.positions = append(t.positions, k)
	t.fill(k.hash, at)
	return at
}

// fill puts a place into the first slot that is free.
func (t *nameTable) fill(hash, at uint32) {
	mask := uint32(len(t.slots) - 1)
	slot := hash & mask
	for t.slots[slot] != noPosition {
		slot = (slot + 1) & mask
	}
	t.slots[slot] = at
}

// forget empties the table of positions.
func (t *nameTable) forget() {
	clear(t.positions)
	clear(t.slots)
	t.positions, t.used = t.positions[:1], t.used[:0]
}

// position reads the second line of a call, and returns the place where it is kept, if it is.
// Those with the addresses of frames are hardly ever the same, so they are not kept.
func (t *nameTable) position(b []byte) (position, uint32, bool) {
	for len(b) > 0 && (b[0] == '\t' || b[0] == ' ') {
		b = b[1:]
	}
	last := bytes.LastIndexByte(b, ' ') + 1
	keep := len(b) < 512 && last < len(b) && b[last] == '+'
	var hash uint32
	if keep {
		hash = t.hash(b)
		if at := t.find(b, hash); at != noPosition {
			return t.positions[at].position, at, true
		}
	}
	loc, ok := parseLocation(b)
	if !ok {
		return position{}, noPosition, false
	}
	p := position{line: loc.line, offset: loc.offset, pc: loc.pc, c: loc.c}
	if len(loc.file) > 0 {
		p.file = t.intern(loc.file)
	}
	if !keep {
		return p, noPosition, true
	}
	return p, t.add(knownPosition{text: string(b), position: p, hash: hash}), true
}

// locationOf returns the Location of fn at a position and its place.
func (s *dumpScanner) locationOf(p position, at uint32, fn string) *Location {
	if at == noPosition {
		return s.locations.intern(p.locationOf(fn))
	}
	k := &s.positions[at]
	if k.at == nil || k.fn != fn {
		k.at, k.fn = s.locations.intern(p.locationOf(fn)), fn
		s.used = append(s.used, at)
	}
	return k.at
}

func (p *position) locationOf(fn string) Location {
	return Location{File: p.file, Line: p.line, Func: fn, PC: p.pc, Offset: p.offset}
}

// kept returns the table for the next dump, with nothing of this one but names.
func (t *nameTable) kept() *nameTable {
	if len(t.positions) > maxKeptNames {
		t.forget()
	}
	for _, at := range t.used {
		t.positions[at].at = nil
	}
	t.used = t.used[:0]
	return t
}
