package dwarf

import (
	"encoding/binary"
	"errors"

	"github.com/epitaph-go/epitaph/internal/symindex/objfile"
	"github.com/epitaph-go/epitaph/internal/symindex/offheap"
)

// A Unit is one of .debug_info; its bytes stand until the next one is read.
type Unit struct {
	File     *File
	Offset   uint64 // of its header
	Skeleton *Unit  // of a split unit, where its addresses and lines are
	Cut      bool   // it is too large: only the DIE of the unit itself was read

	// Of the unit's own DIE, after Root.
	Language uint64
	Dir      Str
	DwoName  Str
	DwoID    uint64
	HasLines bool

	shape
	kind       uint8
	size       uint64
	data       []byte
	first      int // of the first DIE
	table      *table
	low        uint64
	lineAt     uint64
	strBase    uint64
	addrBase   uint64
	rangesBase uint64
	gnuRanges  uint64
}

// Contains tells whether the unit has the DIE at an offset of .debug_info.
func (u *Unit) Contains(at uint64) bool { return at-u.Offset < uint64(len(u.data)) }

// Types tells whether it is a type unit.
func (u *Unit) Types() bool { return u.kind == unitType || u.kind == unitSplitType }

// ErrStop, returned by each, ends [File.Units] without an error.
var ErrStop = errors.New("dwarf: stop")

// maxUnit is the size up to which a unit is read as a whole: programs of one unit
// (fat LTO of Rust) would otherwise decide how much memory this takes. cutUnit is
// enough for its first DIE.
const (
	maxUnit = 64 << 20
	cutUnit = 64 << 10
)

// Units calls each with every unit. One that is damaged is left out, so are the
// ones behind a header that is.
func (f *File) Units(each func(*Unit) error) error {
	stream, err := f.info.Open()
	if err != nil {
		return err
	}
	buffer := offheap.NewBuffer(maxUnit)
	defer buffer.Free()
	for stream.Size-stream.Pos >= 12 {
		u, err := f.next(stream, buffer)
		if err != nil {
			return err
		}
		if u != nil {
			err = each(u)
		}
		if errors.Is(err, ErrStop) {
			return nil
		}
		if err != nil && !errors.Is(err, ErrFormat) {
			return err
		}
		if err := f.work.Err(); err != nil {
			return err
		}
	}
	return nil
}

// next reads a unit, nil when its header says nothing that can be read.
func (f *File) next(stream *objfile.Stream, buffer *offheap.Buffer) (*Unit, error) {
	u := &Unit{File: f, Offset: stream.Pos}
	var head [12]byte
	if err := stream.Read(head[:]); err != nil {
		return nil, err
	}
	u.size = 4 + uint64(binary.LittleEndian.Uint32(head[:]))
	if u.size == 4+wideMark {
		u.size = binary.LittleEndian.Uint64(head[4:]) + 12
	}
	if u.size < 12 || u.size > stream.Size-u.Offset {
		return nil, errEnd
	}
	n := u.size
	if n > maxUnit {
		n, u.Cut = cutUnit, true
	}
	buffer.Reset()
	buffer.Write(head[:])
	rest := buffer.Extend(int(n - 12))
	if err := buffer.Err(); err != nil {
		return nil, err
	}
	if err := stream.Read(rest); err != nil {
		return nil, err
	}
	f.work.Spend(int(n))
	if err := stream.Skip(u.size - n); err != nil {
		return nil, err
	}
	u.data = buffer.Bytes()
	if u.header() != nil {
		return nil, nil
	}
	return u, nil
}

// errEnd is a length that leads out of the section: nothing behind it is found.
var errEnd = errors.New("dwarf: a unit does not end")

func (u *Unit) header() error {
	c := cursor{b: u.data}
	_, u.wide = c.length()
	u.version = c.u16()
	var abbrev uint64
	size := uint8(0)
	switch {
	case u.version >= 2 && u.version <= 4:
		abbrev = c.offset(u.wide)
		size = c.u8()
	case u.version == 5:
		u.kind = c.u8()
		size = c.u8()
		abbrev = c.offset(u.wide)
		switch u.kind {
		case unitSkeleton, unitSplitCompile:
			u.DwoID = c.u64()
		case unitType, unitSplitType:
			c.u64()
			c.offset(u.wide)
		}
	default:
		return ErrFormat
	}
	if c.bad || size != addrSize {
		return ErrFormat
	}
	u.first = c.at
	var err error
	u.table, err = u.File.abbreviations(abbrev, u.shape)
	return err
}

// Root reads the DIE of the unit itself.
func (u *Unit) Root() error {
	c := cursor{b: u.data, at: u.first}
	a := u.table.get(c.uleb())
	if a == nil || c.bad {
		return ErrFormat
	}
	if u.File.Split && u.version == 5 {
		// Behind the headers of the sections' one contribution.
		u.strBase, u.rangesBase = uint64(2*u.offsetSize()), uint64(8+u.offsetSize())
	}
	u.File.work.Spend(len(a.attrs))
	var low uint64
	var lowIndex, dirIndex, dwoIndex bool
	for i := range a.attrs {
		x := &a.attrs[i]
		switch x.name {
		case attrCompDir:
			u.Dir, dirIndex = u.str(&c, x)
		case attrDwoName, attrGNUDwoName:
			u.DwoName, dwoIndex = u.str(&c, x)
		case attrGNUDwoID:
			u.DwoID = u.constant(&c, x)
		case attrStmtList:
			u.lineAt, u.HasLines = u.constant(&c, x), true
		case attrLanguage:
			u.Language = u.constant(&c, x)
		case attrLowPC:
			low, lowIndex = u.addr(&c, x.form)
		case attrStrBase:
			u.strBase = u.constant(&c, x)
		case attrAddrBase, attrGNUAddrBase:
			u.addrBase = u.constant(&c, x)
		case attrRangesBase:
			u.rangesBase = u.constant(&c, x)
		case attrGNURangesBase:
			u.gnuRanges = u.constant(&c, x)
		default:
			u.skip(&c, x.form)
		}
	}
	if c.bad {
		return ErrFormat
	}
	// Indexes count from bases that may stand behind them.
	u.Dir, u.DwoName = u.settle(u.Dir, dirIndex), u.settle(u.DwoName, dwoIndex)
	if u.low = low; lowIndex {
		u.low, _ = u.indexed(low)
	}
	return nil
}
