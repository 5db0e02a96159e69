package dwarf

// An Entry is a DIE of interest: a function, or an inlined call.
type Entry struct {
	Tag      Tag
	Offset   uint64 // in .debug_info
	Level    int    // how many DIEs of interest it is in
	CallFile uint32 // as the unit's lines number it
	CallLine uint32

	name, linkage           Str
	nameIndex, linkageIndex bool
	origin, spec            uint64
	alt                     bool // origin is in the supplementary file

	low, high                 uint64
	hasLow, hasHigh, lowIndex bool
	highIndex, highIsSize     bool
	ranges                    uint64
	hasRanges, rangesIndex    bool
}

// HasCode tells whether the DIE says where its code is.
func (e *Entry) HasCode() bool { return e.hasLow || e.hasRanges }

// Origin is what an inlined call is one of, as an offset of .debug_info; alt:
// that of the supplementary file.
func (e *Entry) Origin() (at uint64, alt, ok bool) { return e.origin, e.alt, e.origin != noRef }

// read decodes the attributes.
func (e *Entry) read(u *Unit, c *cursor, a *abbreviation) {
	*e = Entry{Tag: a.tag, origin: noRef, spec: noRef}
	for i := range a.attrs {
		x := &a.attrs[i]
		switch x.name {
		case attrName:
			e.name, e.nameIndex = u.str(c, x)
		case attrLinkage, attrMIPSLinkage:
			e.linkage, e.linkageIndex = u.str(c, x)
		case attrLowPC:
			e.low, e.lowIndex = u.addr(c, x.form)
			e.hasLow = true
		case attrHighPC:
			e.hasHigh = true
			if isAddr(x.form) {
				e.high, e.highIndex = u.addr(c, x.form)
			} else {
				e.high, e.highIsSize = u.constant(c, x), true
			}
		case attrRanges:
			e.hasRanges = true
			if x.form == formRnglistx {
				e.ranges, e.rangesIndex = c.uleb(), true
			} else {
				e.ranges = u.constant(c, x)
			}
		case attrOrigin:
			e.origin, e.alt = u.ref(c, x)
		case attrSpec:
			e.spec, e.alt = u.ref(c, x)
		case attrCallFile:
			e.CallFile = uint32(min(u.constant(c, x), 1<<32-1))
		case attrCallLine:
			e.CallLine = uint32(min(u.constant(c, x), 1<<32-1))
		default:
			u.skip(c, x.form)
		}
	}
}

// A Walk goes through the DIEs of a unit.
type Walk struct {
	unit     *Unit
	c        cursor
	depth    int
	function int // the depth of the function that it is in, or noFunction
	open     []int
	err      error
}

const noFunction = -1

// maxDepth bounds nesting; scopes of real programs end at some forty.
const maxDepth = 256

// Walk begins at the unit's own DIE.
func (u *Unit) Walk() Walk {
	return Walk{unit: u, c: cursor{b: u.data, at: u.first}, function: noFunction, open: u.File.open[:0]}
}

// Err is why the walk has ended, nil at the end of the unit.
func (w *Walk) Err() error { return w.err }

// Next reads the next DIE of interest into e.
func (w *Walk) Next(e *Entry) bool {
	u, c, work := w.unit, &w.c, w.unit.File.work
	for c.at < len(c.b) {
		at := c.at
		code := c.uleb()
		if code == 0 {
			if w.leave(); w.depth <= 0 {
				return false
			}
			continue
		}
		a := u.table.get(code)
		if a == nil {
			c.fail()
			break
		}
		inside := true
		if a.wanted {
			e.read(u, c, a)
			e.Offset, e.Level = u.Offset+uint64(at), len(w.open)
		} else {
			inside = w.step(a)
		}
		work.Spend(c.at - at + len(a.attrs)/2)
		if w.err = work.Err(); w.err != nil {
			return false
		}
		if inside {
			w.enter(a)
		}
		if c.bad {
			break
		}
		if a.wanted {
			return true
		}
	}
	if c.bad {
		w.err = ErrFormat
	}
	return false
}

// enter goes to the children, if there are any.
func (w *Walk) enter(a *abbreviation) {
	if !a.children {
		return
	}
	if a.tag == TagSubprogram && w.function == noFunction {
		w.function = w.depth
	}
	if a.wanted {
		w.open = append(w.open, w.depth)
	}
	if w.depth++; w.depth > maxDepth {
		w.c.fail()
	}
}

// leave goes back from the last child.
func (w *Walk) leave() {
	w.depth--
	if n := len(w.open); n > 0 && w.open[n-1] >= w.depth {
		w.open = w.open[:n-1]
	}
	if w.depth <= w.function {
		w.function = noFunction
	}
}

// step goes over a DIE without interest, and over its children where it says
// where they end, which it then returns false for. The types in a function are
// gone into: gcc puts the code of a lambda there.
func (w *Walk) step(a *abbreviation) bool {
	u, c := w.unit, &w.c
	if a.descend || !a.children || !a.sibling || w.function != noFunction && isType(a.tag) {
		if a.fixed >= 0 {
			c.skip(int(a.fixed))
			return true
		}
		for i := range a.attrs {
			u.skip(c, a.attrs[i].form)
		}
		return true
	}
	for i := range a.attrs {
		x := &a.attrs[i]
		if x.name != attrSibling {
			u.skip(c, x.form)
			continue
		}
		next, _ := u.ref(c, x)
		if next -= u.Offset; next > uint64(len(c.b)) || next <= uint64(c.at) {
			c.fail()
			return true
		}
		c.at = int(next)
		return false
	}
	return true
}

func isType(tag Tag) bool {
	return tag == TagStructure || tag == TagClass || tag == TagUnion
}

// A Naming is what a DIE says of its function's name, and where to look further.
type Naming struct {
	Linkage, Name Str
	Next          uint64 // the DIE that it is an instance or definition of
	Alt, HasNext  bool
}

// Naming reads the names at the DIE at an offset of .debug_info, which the unit
// contains.
func (u *Unit) Naming(at uint64) (Naming, bool) {
	c := cursor{b: u.data, at: int(at - u.Offset)}
	a := u.table.get(c.uleb())
	if a == nil || at-u.Offset < uint64(u.first) {
		return Naming{}, false
	}
	var e Entry
	e.read(u, &c, a)
	u.File.work.Spend(c.at - int(at-u.Offset) + len(a.attrs)/2)
	if c.bad {
		return Naming{}, false
	}
	n := Naming{Linkage: u.settle(e.linkage, e.linkageIndex), Name: u.settle(e.name, e.nameIndex), Alt: e.alt}
	if n.Next = e.origin; n.Next == noRef {
		n.Next = e.spec
	}
	n.HasNext = n.Next != noRef
	return n, true
}
