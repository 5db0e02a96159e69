// Package symindex turns the symbol tables of an ELF file into the block that
// the C core looks names up in after a fault (native/symbols.h). It runs while
// the process is healthy, so it may take its time and memory; what it returns
// is small and needs no parsing.
package symindex

import (
	"bufio"
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"

	"github.com/ianlancetaylor/demangle"

	"github.com/epitaph-go/epitaph/internal/symindex/objfile"
)

// The layout of struct epi_symbol_index.
const (
	magic      = 0x31697045 // EPI_SYMBOL_MAGIC
	headerSize = 24
	entrySize  = 12
)

// debugRoot is where distributions install separate debug files, by build-id.
const debugRoot = "/usr/lib/debug/.build-id"

// A Range is [Start, End) in addresses of the file.
type Range = objfile.Range

// Options say what of a file goes into the index.
type Options struct {
	// Exclude holds no symbol of interest: Go's text, whose names the
	// pclntab has.
	Exclude Range
	// BuildID names the separate debug file to read too, if there is one.
	BuildID []byte
	// Budget is the most bytes that the index and, for each file, its string
	// table may have.
	Budget int
}

type oldSymbol struct {
	start, size uint32
	global      bool
	name        string
}

// Build returns the index of the functions in the file at path, or an error
// that says why there is none; a file without any symbol is an error too.
// It is safe for concurrent use. A hostile file gives an error.
func Build(path string, opts Options) ([]byte, error) {
	symbols, err := read(path, &opts)
	if err != nil {
		return nil, err
	}
	if debug := debugFile(opts.BuildID); debug != "" {
		// Most programs have none, so its absence is no error.
		if more, err := read(debug, &opts); err == nil {
			symbols = append(symbols, more...)
		}
	}
	block := encode(tidy(symbols))
	if len(block) == headerSize+1 {
		return nil, fmt.Errorf("symindex: %s: no symbols", path)
	}
	if len(block) > opts.Budget {
		return nil, fmt.Errorf("symindex: %s: the index has %d bytes, over the budget of %d", path, len(block), opts.Budget)
	}
	return block, nil
}

// EHFrame returns where the .eh_frame section of the file at path is, for a
// static executable, whose headers do not tell.
func EHFrame(path string) (Range, error) {
	file, err := elf.Open(path)
	if err != nil {
		return Range{}, fmt.Errorf("symindex: %w", err)
	}
	defer file.Close()
	section := file.Section(".eh_frame")
	if section == nil || section.Flags&elf.SHF_ALLOC == 0 {
		return Range{}, fmt.Errorf("symindex: %s: no .eh_frame", path)
	}
	return Range{Start: section.Addr, End: section.Addr + section.Size}, nil
}

func debugFile(buildID []byte) string {
	if len(buildID) < 2 {
		return ""
	}
	id := hex.EncodeToString(buildID)
	return filepath.Join(debugRoot, id[:2], id[2:]+".debug")
}

func read(path string, opts *Options) ([]oldSymbol, error) {
	file, err := elf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("symindex: %w", err)
	}
	defer file.Close()
	if file.Class != elf.ELFCLASS64 || file.ByteOrder != binary.LittleEndian {
		return nil, fmt.Errorf("symindex: %s: not a file of this machine", path)
	}
	var symbols []oldSymbol
	for _, section := range file.Sections {
		if section.Type != elf.SHT_SYMTAB && section.Type != elf.SHT_DYNSYM {
			continue
		}
		found, err := readTable(file, section, opts)
		if err != nil {
			return nil, fmt.Errorf("symindex: %s: %s: %w", path, section.Name, err)
		}
		symbols = append(symbols, found...)
	}
	return symbols, nil
}

// readTable reads a symbol at a time: (*elf.File).Symbols would hold all of
// them, and most of a Go program's are of no interest here.
func readTable(file *elf.File, table *elf.Section, opts *Options) ([]oldSymbol, error) {
	if int(table.Link) >= len(file.Sections) {
		return nil, errors.New("it has no string table")
	}
	section := file.Sections[table.Link]
	if section.Size > uint64(opts.Budget) {
		return nil, fmt.Errorf("its string table has %d bytes, over the budget of %d", section.Size, opts.Budget)
	}
	names, err := section.Data()
	if err != nil {
		return nil, err
	}
	var symbols []oldSymbol
	in := bufio.NewReaderSize(table.Open(), 1<<16)
	record := make([]byte, elf.Sym64Size)
	for {
		if _, err := io.ReadFull(in, record); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return symbols, nil
			}
			return nil, err
		}
		// By hand: reflection would take most of the time here.
		raw := elf.Sym64{
			Name:  binary.LittleEndian.Uint32(record),
			Info:  record[4],
			Shndx: binary.LittleEndian.Uint16(record[6:]),
			Value: binary.LittleEndian.Uint64(record[8:]),
			Size:  binary.LittleEndian.Uint64(record[16:]),
		}
		if s, ok := keep(&raw, names, opts.Exclude); ok {
			symbols = append(symbols, s)
		}
	}
}

// keep takes functions that have a place, a size and a name.
func keep(raw *elf.Sym64, names []byte, exclude Range) (oldSymbol, bool) {
	kind := elf.ST_TYPE(raw.Info)
	if kind != elf.STT_FUNC && kind != elf.STT_GNU_IFUNC || raw.Shndx == uint16(elf.SHN_UNDEF) ||
		raw.Size == 0 || raw.Size > math.MaxUint32 || raw.Value > math.MaxUint32 ||
		raw.Value-exclude.Start < exclude.End-exclude.Start || uint64(raw.Name) >= uint64(len(names)) {
		return oldSymbol{}, false
	}
	name, _, terminated := bytes.Cut(names[raw.Name:], []byte{0})
	if !terminated || len(name) == 0 {
		return oldSymbol{}, false
	}
	return oldSymbol{
		start:  uint32(raw.Value),
		size:   uint32(raw.Size),
		global: elf.ST_BIND(raw.Info) != elf.STB_LOCAL,
		name:   string(name),
	}, true
}

// tidy sorts by address and leaves one name for each. Of several the global
// one is the one that people know; then the shortest (abort, not __GI_abort).
func tidy(symbols []oldSymbol) []oldSymbol {
	slices.SortFunc(symbols, func(a, b oldSymbol) int {
		if a.global != b.global {
			if c := cmp.Compare(a.start, b.start); c != 0 {
				return c
			}
			if a.global {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(len(a.name), len(b.name)),
			cmp.Compare(a.name, b.name))
	})
	return slices.CompactFunc(symbols, func(a, b oldSymbol) bool { return a.start == b.start })
}

func encode(symbols []oldSymbol) []byte {
	names := []byte{0}
	offsets := make(map[string]uint32, len(symbols))
	block := make([]byte, 0, headerSize+entrySize*len(symbols))
	order := binary.NativeEndian
	block = order.AppendUint32(block, magic)
	block = order.AppendUint32(block, uint32(len(symbols)))
	block = append(block, make([]byte, 16)...) // strings_size, reserved, bias
	for _, s := range symbols {
		offset, ok := offsets[s.name]
		if !ok {
			offset = uint32(len(names))
			offsets[s.name] = offset
			names = append(names, demangle.Filter(s.name, demangle.NoClones)...)
			names = append(names, 0)
		}
		block = order.AppendUint32(block, s.start)
		block = order.AppendUint32(block, s.size)
		block = order.AppendUint32(block, offset)
	}
	order.PutUint32(block[8:], uint32(len(names)))
	return append(block, names...)
}
