package symindex

import (
	"maps"
	"slices"

	"github.com/epitaph-go/epitaph/internal/symindex/dwarf"
)

// The names of functions that the unit only refers to: link-time optimisation,
// Rust and dwz put an inlined function's DIE into another unit. It is looked up
// in a second pass over the section, and it may refer to a third unit.

// maxPasses is one more than the longest chain of units seen.
const maxPasses = 5

// outside are the DIEs of a file that were referred to from elsewhere: the number
// of the name of each.
type outside struct {
	ids map[uint64]uint32
}

func (o *outside) name(names *nameTable, at uint64) uint32 {
	if id, ok := o.ids[at]; ok {
		return id
	}
	id := names.blank()
	if o.ids == nil {
		o.ids = make(map[uint64]uint32)
	}
	o.ids[at] = id
	return id
}

// nameOf is the name of the function whose DIE is at an offset.
func (b *builder) nameOf(u *dwarf.Unit, at uint64, alt bool) uint32 {
	switch {
	case alt:
		return b.supplement.name(b.names, at)
	case !u.Contains(at):
		if u.File.Split {
			return 0 // its units do not refer to each other
		}
		if b.inSupplement {
			return b.supplement.name(b.names, at)
		}
		return b.outside.name(b.names, at)
	}
	if id, ok := b.data.names[at]; ok {
		return id
	}
	id := b.readName(u, at)
	b.data.names[at] = id
	return id
}

// maxHops bounds the way from an inlined call to a name: it is an instance of the
// abstract one, which is a definition of the declared one.
const maxHops = 8

// readName follows a DIE's references to the linkage name, or else to the first
// plain one.
func (b *builder) readName(u *dwarf.Unit, at uint64) uint32 {
	plain := dwarf.StrNone
	for range maxHops {
		n, ok := u.Naming(at)
		if !ok {
			break
		}
		if n.Linkage != dwarf.StrNone {
			id := b.string(u, n.Linkage)
			b.names.entries[id].linkage = id != 0
			return id
		}
		if plain == dwarf.StrNone {
			plain = n.Name
		}
		if !n.HasNext {
			break
		}
		if n.Alt || !u.Contains(n.Next) {
			if plain == dwarf.StrNone {
				return b.nameOf(u, n.Next, n.Alt)
			}
			break
		}
		at = n.Next
	}
	return b.string(u, plain)
}

// string gives the number of a name of the unit.
func (b *builder) string(u *dwarf.Unit, s dwarf.Str) uint32 {
	switch {
	case s == dwarf.StrNone:
		return 0
	case s.Kind() == dwarf.StrMain && !u.File.Split:
		if b.inSupplement {
			s = dwarf.StrAlt | dwarf.Str(s.Offset())
		}
		return b.names.reference(s)
	case s.Kind() == dwarf.StrAlt:
		return b.names.reference(s)
	}
	if id, ok := b.local[s]; ok {
		return id
	}
	id := b.names.add(u.Text(s))
	b.local[s] = id
	return id
}

// resolve reads the names of DIEs that were referred to from elsewhere, as long
// as that leads to new ones.
func (b *builder) resolve(f *dwarf.File, o *outside) error {
	done := make(map[uint64]bool)
	for range maxPasses {
		offsets := slices.Sorted(maps.Keys(o.ids))
		offsets = slices.DeleteFunc(offsets, func(at uint64) bool { return done[at] })
		if len(offsets) == 0 {
			return nil
		}
		for _, at := range offsets {
			done[at] = true
		}
		err := f.Units(func(u *dwarf.Unit) error {
			if len(offsets) == 0 {
				return dwarf.ErrStop
			}
			if !u.Contains(offsets[0]) && offsets[0] >= u.Offset {
				return nil
			}
			offsets = b.resolveIn(u, o, offsets)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// resolveIn reads those of the unit and returns the others, behind it.
func (b *builder) resolveIn(u *dwarf.Unit, o *outside, offsets []uint64) []uint64 {
	ok := u.Root() == nil
	b.data.reset()
	for len(offsets) > 0 && (offsets[0] < u.Offset || u.Contains(offsets[0])) {
		at := offsets[0]
		offsets = offsets[1:]
		if !ok || at < u.Offset {
			continue
		}
		id, from := o.ids[at], b.readName(u, at)
		if b.names.known(from) {
			b.names.entries[id] = b.names.entries[from]
		} else if from != id {
			b.sameName[id] = from
		}
	}
	return offsets
}

// settleNames gives those names that led from one unit to the next what was
// found at the end.
func (b *builder) settleNames() {
	for range maxPasses {
		for id, from := range b.sameName {
			if !b.names.known(id) {
				b.names.entries[id] = b.names.entries[from]
			}
		}
	}
}
