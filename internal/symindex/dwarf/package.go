package dwarf

import (
	"encoding/binary"
	"math/bits"

	"github.com/epitaph-go/epitaph/internal/symindex/objfile"
	"github.com/epitaph-go/epitaph/internal/symindex/offheap"
)

// A Package is a .dwp: the split units of a program in one file, found by the
// index of .debug_cu_index. Its sections are held in memory, since units are asked
// for at random.
type Package struct {
	work                                           *Work
	version                                        uint32
	columns                                        uint32
	units                                          uint32
	slots                                          uint32
	index, info, str, abbrev, strOffsets, rnglists []byte
}

// The columns that matter. Version 2, of GNU, has the same numbers for them.
const (
	packInfo       = 1
	packAbbrev     = 3
	packStrOffsets = 6
	packRnglists   = 8
)

// OpenPackage reads a .dwp; it returns nil for a file that is none. The file may
// be closed then.
func OpenPackage(f *objfile.File, work *Work) (*Package, error) {
	p := &Package{work: work}
	for _, s := range []struct {
		name string
		to   *[]byte
	}{
		{".debug_cu_index", &p.index}, {".debug_info.dwo", &p.info}, {".debug_str.dwo", &p.str},
		{".debug_abbrev.dwo", &p.abbrev}, {".debug_str_offsets.dwo", &p.strOffsets}, {".debug_rnglists.dwo", &p.rnglists},
	} {
		section, err := f.Section(s.name).Load()
		if err != nil {
			p.Close()
			return nil, err
		}
		*s.to = section
		work.Slow(len(section))
	}
	if !p.header() {
		p.Close()
		return nil, nil
	}
	return p, nil
}

// Close releases the memory.
func (p *Package) Close() {
	if p == nil {
		return
	}
	for _, s := range p.sections() {
		offheap.Free(s)
	}
	*p = Package{}
}

// Size is how many bytes are held.
func (p *Package) Size() int64 {
	n := 0
	for _, s := range p.sections() {
		n += len(s)
	}
	return int64(n)
}

func (p *Package) sections() [6][]byte {
	return [...][]byte{p.index, p.info, p.str, p.abbrev, p.strOffsets, p.rnglists}
}

func (p *Package) word(i uint64) uint64 {
	v, _ := word(p.index, 0, i, false)
	return v
}

const packHeader = 4 // words

// header reads that of the index: version 2 has it in a word, 5 in two bytes.
func (p *Package) header() bool {
	p.version = uint32(p.word(0) & 0xffff)
	p.columns, p.units, p.slots = uint32(p.word(1)), uint32(p.word(2)), uint32(p.word(3))
	need := 4*packHeader + 12*uint64(p.slots) + 4*uint64(p.columns) + 8*uint64(p.columns)*uint64(p.units)
	return (p.version == 2 || p.version == 5) && p.columns <= 8 && bits.OnesCount32(p.slots) == 1 &&
		need <= uint64(len(p.index))
}

// row finds a unit by its number in the hash table; rows count from 1.
func (p *Package) row(id uint64) (uint32, bool) {
	mask := uint64(p.slots - 1)
	at, step := id&mask, id>>32&mask|1
	for range p.slots {
		p.work.Spend(8)
		hash := binary.LittleEndian.Uint64(p.index[4*packHeader+8*at:])
		row := uint32(p.word(packHeader + 2*uint64(p.slots) + at))
		if row == 0 {
			return 0, false
		}
		if hash == id {
			return row, row <= p.units
		}
		at = (at + step) & mask
	}
	return 0, false
}

// contribution is the piece of a section that a row has.
func (p *Package) contribution(row uint32, column int, section []byte) []byte {
	columns := packHeader + 3*uint64(p.slots)
	for i := range uint64(p.columns) {
		if p.word(columns+i) != uint64(column) {
			continue
		}
		cell := uint64(row-1)*uint64(p.columns) + i
		offsets := columns + uint64(p.columns)
		at := p.word(offsets + cell)
		n := p.word(offsets + uint64(p.units)*uint64(p.columns) + cell)
		if at > uint64(len(section)) || n > uint64(len(section))-at {
			return nil
		}
		return section[at : at+n]
	}
	return nil
}

// Unit gives each the unit of a number, when the package has it.
func (p *Package) Unit(id uint64, each func(*Unit) error) error {
	row, ok := p.row(id)
	if !ok {
		return nil
	}
	f := &File{Split: true, work: p.work, tables: make(map[tableKey]*table), borrowed: true, str: p.str}
	f.abbrev = p.contribution(row, packAbbrev, p.abbrev)
	f.strOffsets = p.contribution(row, packStrOffsets, p.strOffsets)
	f.rnglists = p.contribution(row, packRnglists, p.rnglists)
	data := p.contribution(row, packInfo, p.info)
	p.work.Spend(len(data))
	if len(data) < 12 {
		return nil
	}
	u := &Unit{File: f, data: data, size: uint64(len(data))}
	if u.header() != nil {
		return nil
	}
	return each(u)
}
