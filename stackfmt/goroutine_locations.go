package stackfmt

// locationTable makes the Locations of one dump, each once.
type locationTable struct {
	// slots find a Location by a hash of its numbers. A map would hash the names, which
	// takes longer than all else.
	slots []*Location
	// size is the number of bytes of the dump, room is for further ones, made says how many there are.
	size int
	room []Location
	made int
	// none is that of a creator that is not known.
	none *Location
}

const (
	// maxProbes bounds the search for a Location. One that has no slot is made again.
	maxProbes = 8
	// minLocationSlots is a power of two, as all sizes of the table are.
	minLocationSlots = 1 << 5
	// locationChunk is how many are allocated at once.
	locationChunk = 8 << 10 / 64
)

// intern returns the Location that equals l.
func (t *locationTable) intern(l Location) *Location {
	if len(t.slots) == 0 {
		t.slots = make([]*Location, minLocationSlots)
	}
	at := l.hash()
	for range maxProbes {
		slot := &t.slots[at%uint32(len(t.slots))]
		if *slot == nil {
			*slot = t.add(l)
			return *slot
		}
		if **slot == l {
			return *slot
		}
		at++
	}
	t.grow()
	return t.add(l)
}

// add allocates a Location. What stays empty of the last chunk is little beside the dump.
func (t *locationTable) add(l Location) *Location {
	if len(t.room) == 0 {
		n := t.made / 8
		if n == 0 {
			n = t.size / 256
		}
		t.room = make([]Location, min(4+n, locationChunk))
	}
	at := &t.room[0]
	t.room = t.room[1:]
	t.made++
	*at = l
	return at
}

// grow makes more slots. A table that a hostile stream has filled begins anew.
func (t *locationTable) grow() {
	old := t.slots
	if len(old) >= maxInterned {
		clear(old)
		return
	}
	t.slots = make([]*Location, 2*len(old))
	for _, l := range old {
		if l == nil {
			continue
		}
		at := l.hash()
		for range maxProbes {
			slot := &t.slots[at%uint32(len(t.slots))]
			if *slot == nil {
				*slot = l
				break
			}
			at++
		}
	}
}

// unknown returns the Location of what is not known.
func (t *locationTable) unknown() *Location {
	if t.none == nil {
		t.none = t.add(Location{})
	}
	return t.none
}

// kept returns the table for the next dump, without anything of this one.
func (t *locationTable) kept() locationTable {
	if len(t.slots) > maxKeptNames {
		return locationTable{}
	}
	clear(t.slots)
	return locationTable{slots: t.slots}
}

func (l *Location) hash() uint32 {
	const spread = 0x9E3779B97F4A7C15
	return uint32((uint64(l.Line)*31 + l.Offset*127 + l.PC + uint64(len(l.Func))) * spread >> 32)
}
