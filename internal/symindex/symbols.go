package symindex

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/epitaph-go/epitaph/internal/symindex/block"
	"github.com/epitaph-go/epitaph/internal/symindex/dwarf"
	"github.com/epitaph-go/epitaph/internal/symindex/objfile"
	"github.com/epitaph-go/epitaph/internal/symindex/offheap"
)

// A symbol is a function's, of a symbol table.
type symbol struct {
	start   uint64
	size    uint32
	name    uint32 // in the table's strings
	strings uint16
	global  bool
}

// A symbolTable holds the symbols of all tables that were read. Their strings are
// in memory outside of the heap: which of several names of an address is the best
// one is decided by reading them.
type symbolTable struct {
	symbols []symbol
	strings [][]byte
}

func (t *symbolTable) free() {
	for _, s := range t.strings {
		offheap.Free(s)
	}
	*t = symbolTable{}
}

func (t *symbolTable) name(s *symbol) []byte {
	text := t.strings[s.strings]
	if uint64(s.name) >= uint64(len(text)) {
		return nil
	}
	text = text[s.name:]
	n := bytes.IndexByte(text[:min(len(text), maxName)], 0)
	return text[:max(n, 0)]
}

// read adds the functions of a file's tables.
func (b *builder) readSymbols(f *objfile.File) error {
	for _, table := range f.ELF().Sections {
		if table.Type != elf.SHT_SYMTAB && table.Type != elf.SHT_DYNSYM || int(table.Link) >= len(f.ELF().Sections) {
			continue
		}
		strings := f.Of(f.ELF().Sections[table.Link])
		if strings == nil || len(b.symbols.strings) >= 1<<10 {
			continue
		}
		text, err := strings.Load()
		if err != nil {
			return fmt.Errorf("%s: %w", table.Name, err)
		}
		b.symbols.strings = append(b.symbols.strings, text)
		b.work.Slow(len(text))
		if err := b.readTable(f.Of(table), table.Type == elf.SHT_SYMTAB); err != nil {
			return fmt.Errorf("%s: %w", table.Name, err)
		}
	}
	return nil
}

func (b *builder) readTable(table *objfile.Section, full bool) error {
	if table == nil {
		return nil
	}
	stream, err := table.Open()
	if err != nil {
		return err
	}
	records := make([]byte, 1024*elf.Sym64Size)
	for stream.Size-stream.Pos >= elf.Sym64Size {
		n := min(stream.Size-stream.Pos, uint64(len(records)))
		n -= n % elf.Sym64Size
		if err := stream.Read(records[:n]); err != nil {
			return err
		}
		b.work.Slow(int(n))
		for at := uint64(0); at < n; at += elf.Sym64Size {
			b.keepSymbol(records[at:], full)
		}
	}
	return nil
}

// keepSymbol takes functions that have a name and a place in the text. One without
// a size, of assembly, goes up to the next symbol; in a dynamic table that may be
// anything, so there it is left out.
func (b *builder) keepSymbol(r []byte, full bool) {
	kind := elf.ST_TYPE(r[4])
	s := symbol{
		start:   binary.LittleEndian.Uint64(r[8:]),
		name:    binary.LittleEndian.Uint32(r),
		strings: uint16(len(b.symbols.strings) - 1),
		global:  elf.ST_BIND(r[4]) != elf.STB_LOCAL,
	}
	size := binary.LittleEndian.Uint64(r[16:])
	if kind != elf.STT_FUNC && kind != elf.STT_GNU_IFUNC || binary.LittleEndian.Uint16(r[6:]) == uint16(elf.SHN_UNDEF) ||
		size > maxPart || size == 0 && !full || !b.inText(s.start) || s.start+size > b.end {
		return
	}
	s.size = uint32(size)
	if len(b.symbols.name(&s)) > 0 {
		b.symbols.symbols = append(b.symbols.symbols, s)
	}
}

// sort puts the symbols in order; of several at an address the global one is the
// one that people know, then the shortest (abort, not __GI_abort).
func (t *symbolTable) sort() {
	slices.SortFunc(t.symbols, func(x, y symbol) int {
		if c := cmp.Compare(x.start, y.start); c != 0 {
			return c
		}
		if x.global != y.global {
			if x.global {
				return -1
			}
			return 1
		}
		a, b := t.name(&x), t.name(&y)
		return cmp.Or(cmp.Compare(len(a), len(b)), bytes.Compare(a, b), cmp.Compare(y.size, x.size))
	})
}

// tidyParts leaves one part for each address: the largest, then the first. Others
// are functions that the compiler or the linker has folded into it.
func (b *builder) tidyParts() {
	slices.SortFunc(b.parts, func(x, y part) int {
		return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(y.size, x.size), cmp.Compare(x.Blob, y.Blob))
	})
	b.parts = slices.CompactFunc(b.parts, func(x, y part) bool { return x.Start == y.Start })
}

// addSymbols makes parts of the symbols that the DWARF does not cover, with those
// rows that belong to no function.
func (b *builder) addSymbols() {
	slices.SortStableFunc(b.orphans, func(x, y orphan) int { return cmp.Compare(x.addr, y.addr) })
	covered, known, row := b.parts, 0, 0
	symbols := b.symbols.symbols
	for i := range symbols {
		s := &symbols[i]
		if i > 0 && symbols[i-1].start == s.start {
			continue
		}
		for known < len(covered) && covered[known].Start+uint64(covered[known].size) <= s.start {
			known++
		}
		if known < len(covered) && covered[known].Start <= s.start {
			continue
		}
		end := s.start + uint64(s.size)
		if s.size == 0 {
			end = s.start + longestUnsized
		}
		if known < len(covered) {
			end = min(end, covered[known].Start)
		}
		if next := b.nextSymbol(i); next != 0 {
			end = min(end, next)
		}
		row = b.symbolPart(s, end, row)
	}
}

// longestUnsized bounds a symbol without a size that no other follows soon.
const longestUnsized = 4096

func (b *builder) nextSymbol(i int) uint64 {
	symbols := b.symbols.symbols
	for k := i + 1; k < len(symbols); k++ {
		if symbols[k].start != symbols[i].start {
			return symbols[k].start
		}
	}
	return 0
}

// symbolPart writes a part for a symbol, with the orphans in it, the first of which
// is at or behind number row; it returns the number for the next one.
func (b *builder) symbolPart(s *symbol, end uint64, row int) int {
	if b.block.Err() != nil || b.work.Err() != nil {
		return row
	}
	for row < len(b.orphans) && b.orphans[row].addr <= s.start {
		row++
	}
	steps := b.sweeper.steps[:0]
	if row > 0 && !b.orphans[row-1].end {
		o := &b.orphans[row-1]
		steps = append(steps, step{addr: s.start, call: none, file: o.file, line: o.line})
	}
	for ; row < len(b.orphans) && b.orphans[row].addr < end; row++ {
		o := &b.orphans[row]
		if len(steps) == 0 && o.addr > s.start {
			steps = append(steps, step{addr: s.start, call: none})
		}
		steps = append(steps, step{addr: o.addr, call: none, file: o.file, line: o.line})
	}
	b.sweeper.steps = steps
	b.encode(dwarf.Range{Start: s.start, End: end}, b.names.add(b.symbols.name(s)))
	return row
}

// applySymbols gives a function the name of its symbol where the DWARF has only a
// short one ("operator()"), or an internal one (__libc_free).
func (b *builder) applySymbols() {
	symbols := b.symbols.symbols
	next := 0
	for i := range b.parts {
		p := &b.parts[i]
		for next < len(symbols) && symbols[next].start < p.Start {
			next++
		}
		first := next
		for next < len(symbols) && symbols[next].start == p.Start {
			next++
		}
		if better := b.betterName(&b.names.entries[p.Name], symbols[first:next]); better != nil {
			p.Name = b.names.add(better)
		}
	}
}

// betterName is one of the symbols at a function's start, or nil.
func (b *builder) betterName(have *nameEntry, symbols []symbol) []byte {
	if have.mangled || len(symbols) == 0 {
		return nil
	}
	for i := range symbols {
		if name := b.symbols.name(&symbols[i]); isMangled(name) {
			return name
		}
	}
	for i := range symbols {
		if maphash.Bytes(b.names.seed, cutClone(b.symbols.name(&symbols[i]))) != have.hash {
			continue
		}
		if have.linkage && !symbols[i].global && symbols[0].global {
			return b.symbols.name(&symbols[0]) // raise, not libc's own __GI_raise
		}
		return nil
	}
	if have.hash == 0 || symbols[0].global {
		return b.symbols.name(&symbols[0])
	}
	return nil
}

// entries are the parts as the block has them.
func (b *builder) entries() []block.PartEntry {
	entries := make([]block.PartEntry, len(b.parts))
	for i := range b.parts {
		entries[i] = b.parts[i].PartEntry
	}
	return entries
}
