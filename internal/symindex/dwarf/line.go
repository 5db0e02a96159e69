package dwarf

import (
	"cmp"
	"slices"
)

// A Row says that from Addr on the code is of a line; File is what [Namer] gave.
type Row struct {
	Addr uint64
	File uint32
	Line uint32 // 0: of none
	End  bool   // of its sequence; no code of it any more
}

// A Sequence is a piece of code without gaps: Rows[First:Last] of its Lines, the
// last one of which is the end.
type Sequence struct {
	Range
	First, Last int
}

// A Namer makes a number of a file name's parts; the directory may be empty, and
// relative, and the strings stand for the call only.
type Namer interface {
	FileNumber(compDir, dir, name []byte) uint32
}

// Lines are a unit's line table.
type Lines struct {
	Files     []uint32 // by DWARF's number, which inlined calls have too
	Rows      []Row
	Sequences []Sequence // by rising start
	dirs      [][]byte
}

// A lineHeader is what a program begins with.
type lineHeader struct {
	version         uint16
	minInstruction  uint64
	maxOperations   uint64
	base            int64
	rangeSize       uint64
	opBase          uint8
	lengths         []byte
	shape           shape
	program, tables int
}

// Read runs the unit's line program, reusing the memory. Sequences that begin
// where keep is false are left out: what the linker has thrown away is at 0, and
// Go's text has better tables. Before its Lines are read a unit needs Root.
func (l *Lines) Read(u *Unit, namer Namer, keep func(addr uint64) bool) error {
	l.Files, l.Rows, l.Sequences = l.Files[:0], l.Rows[:0], l.Sequences[:0]
	if !u.HasLines {
		return nil
	}
	c := cursor{b: u.File.lines.program(u.lineAt, u.File.work)}
	h, err := readLineHeader(&c)
	if err != nil {
		return err
	}
	u.File.work.Spend(len(c.b))
	c.at = h.tables
	dir := u.Text(u.Dir)
	if h.version >= 5 {
		err = l.newTables(u, &c, h, namer, dir)
	} else {
		err = l.oldTables(&c, namer, dir)
	}
	if err != nil || h.program < c.at {
		return ErrFormat
	}
	c.at = h.program
	m := machine{lines: l, keep: keep, header: h}
	m.reset()
	if err := m.run(&c); err != nil {
		return err
	}
	l.sort()
	return nil
}

func readLineHeader(c *cursor) (*lineHeader, error) {
	h := new(lineHeader)
	n, wide := c.length()
	if n > uint64(len(c.b)-c.at) {
		return nil, ErrFormat
	}
	c.b = c.b[:c.at+int(n)]
	h.version = c.u16()
	if h.version < 2 || h.version > 5 {
		return nil, ErrFormat
	}
	if h.version >= 5 {
		c.skip(2) // sizes of addresses and segments
	}
	h.shape = shape{h.version, wide}
	n = c.offset(wide)
	if n > uint64(len(c.b)-c.at) {
		return nil, ErrFormat
	}
	h.program = c.at + int(n)
	h.minInstruction, h.maxOperations = uint64(c.u8()), 1
	if h.version >= 4 {
		h.maxOperations = uint64(c.u8())
	}
	c.skip(1) // whether rows are statements
	h.base = int64(int8(c.u8()))
	h.rangeSize = uint64(c.u8())
	h.opBase = c.u8()
	if c.bad || h.rangeSize == 0 || h.opBase == 0 || h.maxOperations == 0 {
		return nil, ErrFormat
	}
	h.lengths = c.b[c.at:min(len(c.b), c.at+int(h.opBase)-1)]
	c.skip(int(h.opBase) - 1)
	h.tables = c.at
	if c.bad {
		return nil, ErrFormat
	}
	return h, nil
}

// oldTables are those of DWARF 2 to 4, which count from 1; 0 is the unit's own.
func (l *Lines) oldTables(c *cursor, namer Namer, compDir []byte) error {
	l.dirs = append(l.dirs[:0], nil)
	for {
		dir := c.text()
		if len(dir) == 0 {
			break
		}
		l.dirs = append(l.dirs, dir)
	}
	l.Files = append(l.Files, 0)
	for {
		name := c.text()
		if len(name) == 0 {
			break
		}
		dir := c.uleb()
		c.uleb() // time
		c.uleb() // size
		l.Files = append(l.Files, namer.FileNumber(compDir, l.dir(dir), name))
	}
	if c.bad {
		return ErrFormat
	}
	return nil
}

func (l *Lines) dir(i uint64) []byte {
	if i < uint64(len(l.dirs)) {
		return l.dirs[i]
	}
	return nil
}

// newTables are those of DWARF 5: directory 0 is the unit's, file 0 its source.
func (l *Lines) newTables(u *Unit, c *cursor, h *lineHeader, namer Namer, compDir []byte) error {
	l.dirs = l.dirs[:0]
	err := u.entries(c, h, func(name []byte, _ uint64) { l.dirs = append(l.dirs, name) })
	if err != nil {
		return err
	}
	if len(l.dirs) > 0 {
		compDir = l.dirs[0]
		l.dirs[0] = nil // or it would be joined twice
	}
	return u.entries(c, h, func(name []byte, dir uint64) {
		l.Files = append(l.Files, namer.FileNumber(compDir, l.dir(dir), name))
	})
}

const (
	contentPath      = 1
	contentDirectory = 2
	maxContents      = 16
)

// entries reads a table that says of what its entries consist.
func (u *Unit) entries(c *cursor, h *lineHeader, add func(name []byte, dir uint64)) error {
	var contents, forms [maxContents]uint64
	n := int(c.u8())
	if n > maxContents {
		return ErrFormat
	}
	for i := range n {
		contents[i], forms[i] = c.uleb(), min(c.uleb(), 0xffff)
	}
	count := c.uleb()
	if n == 0 && count > 0 {
		return ErrFormat
	}
	lineUnit := Unit{File: u.File, Offset: u.Offset, data: c.b, shape: h.shape}
	for ; count > 0 && !c.bad; count-- {
		var name []byte
		var dir uint64
		u.File.work.Spend(n)
		for i := range n {
			a := attribute{form: uint16(forms[i])}
			switch contents[i] {
			case contentPath:
				if a.form == formString {
					name = c.text()
					continue
				}
				s, index := lineUnit.str(c, &a)
				name = u.Text(u.settle(s, index))
			case contentDirectory:
				dir = lineUnit.constant(c, &a)
			default:
				h.shape.skip(c, a.form)
			}
		}
		if u.File.work.Err() != nil {
			return ErrWork
		}
		add(name, dir)
	}
	if c.bad {
		return ErrFormat
	}
	return nil
}

// sort puts the sequences in order, and the rows in them: compilers do, an
// assembler need not.
func (l *Lines) sort() {
	slices.SortFunc(l.Sequences, func(a, b Sequence) int { return cmp.Compare(a.Start, b.Start) })
	byAddr := func(a, b Row) int { return cmp.Compare(a.Addr, b.Addr) }
	for _, s := range l.Sequences {
		if rows := l.Rows[s.First : s.Last-1]; !slices.IsSortedFunc(rows, byAddr) {
			slices.SortStableFunc(rows, byAddr)
		}
	}
}
