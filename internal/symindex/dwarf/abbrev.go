package dwarf

type attribute struct {
	name     uint16
	form     uint16
	implicit int64 // the value of formImplicit
}

// An abbreviation says what the DIEs of one shape are made of.
type abbreviation struct {
	tag      Tag
	children bool
	wanted   bool  // its attributes are of interest
	descend  bool  // its children may be
	sibling  bool  // it says where its children end
	fixed    int32 // the size of all its attributes, or -1
	attrs    []attribute
}

// A table of abbreviations. Their codes are 1, 2, 3, … from every compiler.
type table struct {
	dense  []abbreviation // by code - 1
	sparse map[uint64]*abbreviation
}

func (t *table) get(code uint64) *abbreviation {
	if code-1 < uint64(len(t.dense)) {
		return &t.dense[code-1]
	}
	return t.sparse[code]
}

// shape is what the sizes of forms depend on.
type shape struct {
	version uint16
	wide    bool // 64-bit DWARF
}

// A table is parsed for a shape, and kept by it.
type tableKey struct {
	offset uint64
	shape  shape
}

// keptTables bounds the memory; units that share one are neighbours.
const keptTables = 64

func (f *File) abbreviations(offset uint64, s shape) (*table, error) {
	key := tableKey{offset, s}
	if t := f.tables[key]; t != nil {
		return t, nil
	}
	if offset > uint64(len(f.abbrev)) {
		return nil, ErrFormat
	}
	c := cursor{b: f.abbrev, at: int(offset)}
	t := parseTable(&c, s)
	f.work.Spend(c.at - int(offset))
	if c.bad {
		return nil, ErrFormat
	}
	if len(f.tables) >= keptTables {
		clear(f.tables)
	}
	f.tables[key] = t
	return t, nil
}

func parseTable(c *cursor, s shape) *table {
	t := new(table)
	var pool []attribute
	for {
		code := c.uleb()
		if code == 0 || c.bad {
			return t
		}
		a := abbreviation{tag: Tag(min(c.uleb(), 0xffff)), children: c.u8() != 0}
		first := len(pool)
		pool = appendAttributes(pool, c)
		a.attrs = pool[first:len(pool):len(pool)]
		a.plan(s)
		if code-1 == uint64(len(t.dense)) {
			t.dense = append(t.dense, a)
			continue
		}
		if t.sparse == nil {
			t.sparse = make(map[uint64]*abbreviation)
		}
		t.sparse[code] = &a
	}
}

func appendAttributes(pool []attribute, c *cursor) []attribute {
	for {
		name, form := c.uleb(), c.uleb()
		a := attribute{name: uint16(min(name, 0xffff)), form: uint16(min(form, 0xffff))}
		if a.form == formImplicit {
			a.implicit = c.sleb()
		}
		if name == 0 && form == 0 || c.bad {
			return pool
		}
		pool = append(pool, a)
	}
}

// plan decides what to do with such a DIE.
func (a *abbreviation) plan(s shape) {
	switch a.tag {
	case TagCompile, TagPartial, TagSkeleton, TagSubprogram, TagInlined:
		a.wanted, a.descend = true, true
	case TagNamespace, TagModule, TagLexBlock, TagTry, TagCatch:
		a.descend = true
	}
	for i := range a.attrs {
		x := &a.attrs[i]
		if x.name == attrSibling {
			switch x.form {
			case formRef1, formRef2, formRef4, formRef8, formRefUdata:
				a.sibling = true
			}
		}
		n := s.size(x.form)
		if n < 0 || a.fixed < 0 {
			a.fixed = -1
			continue
		}
		a.fixed += int32(n)
	}
}

// addrSize is that of all machines here: others are refused with their header.
const addrSize = 8

// size of a form's values, or -1 when they differ.
func (s shape) size(form uint16) int {
	switch form {
	case formFlagPresent, formImplicit:
		return 0
	case formData1, formRef1, formFlag, formStrx1, formAddrx1:
		return 1
	case formData2, formRef2, formStrx2, formAddrx2:
		return 2
	case formStrx3, formAddrx3:
		return 3
	case formData4, formRef4, formStrx4, formAddrx4, formRefSup4:
		return 4
	case formData8, formRef8, formRefSig8, formRefSup8:
		return 8
	case formData16:
		return 16
	case formAddr:
		return addrSize
	case formRefAddr:
		if s.version == 2 {
			return addrSize
		}
		return s.offsetSize()
	case formStrp, formLineStrp, formSecOffset, formStrpSup, formGNURefAlt, formGNUStrpAlt:
		return s.offsetSize()
	}
	return -1
}

func (s shape) offsetSize() int {
	if s.wide {
		return 8
	}
	return 4
}

// skip steps over a value.
func (s shape) skip(c *cursor, form uint16) {
	if n := s.size(form); n >= 0 {
		c.skip(n)
		return
	}
	switch form {
	case formString:
		c.text()
	case formUdata, formSdata, formRefUdata, formStrx, formAddrx, formLoclistx, formRnglistx, formGNUAddrx, formGNUStrx:
		c.uleb()
	case formBlock, formExprloc:
		c.skip(int(min(c.uleb(), 1<<31)))
	case formBlock1:
		c.skip(int(c.u8()))
	case formBlock2:
		c.skip(int(c.u16()))
	case formBlock4:
		c.skip(int(c.u32()))
	case formIndirect:
		if form := c.uleb(); form == formIndirect || form == formImplicit || form > 0xffff {
			c.fail()
		} else {
			s.skip(c, uint16(form))
		}
	default:
		c.fail()
	}
}
