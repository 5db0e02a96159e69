package symindex

import (
	"errors"
	"fmt"
	"math"

	"github.com/epitaph-go/epitaph/internal/symindex/block"
	"github.com/epitaph-go/epitaph/internal/symindex/dwarf"
	"github.com/epitaph-go/epitaph/internal/symindex/objfile"
	"github.com/epitaph-go/epitaph/internal/symindex/offheap"
)

// A level is how much of the DWARF goes into the block. When the budget is too
// small for one, the next is tried.
type level int

const (
	levelInlined level = iota
	levelRows          // lines, without inlined calls: those take two thirds
	levelNames
)

func (l level) rows() bool    { return l <= levelRows }
func (l level) inlined() bool { return l == levelInlined }

// A builder reads the files of a module into a block.
type builder struct {
	opts         buildOptions
	text         []objfile.Range
	base, end    uint64
	work         *dwarf.Work
	block        *offheap.Buffer
	names        *nameTable
	files        *fileTable
	parts        []part
	orphans      []orphan
	symbols      symbolTable
	outside      outside              // DIEs of the main file
	supplement   outside              // DIEs of the supplementary file
	sameName     map[uint32]uint32    // names that led to another unit
	local        map[dwarf.Str]uint32 // names of the file that is read, not by reference
	inSupplement bool
	current      *dwarf.Unit
	pack         *dwarf.Package // the split units in one file, or nil
	data         unitData
	sweeper      sweeper
	writer       partWriter
	hasLines     bool
	moreToCome   bool
}

type buildOptions struct {
	*Options
	level level
}

// newBuilder prepares to read a module of which text is the code.
func newBuilder(opts buildOptions, text []objfile.Range) (*builder, error) {
	b := &builder{opts: opts, text: text, base: math.MaxUint64}
	for _, t := range text {
		b.base = min(b.base, t.Start)
	}
	if b.base > math.MaxUint32 {
		return nil, errors.New("no code at an address below 4 GiB")
	}
	b.end = b.base + math.MaxUint32
	b.work = dwarf.NewWork(0, opts.Yield)
	b.block = offheap.NewBuffer(opts.Budget)
	b.block.Extend(block.HeaderSize)
	b.names = newNameTable(b.work, opts.Budget)
	b.files = newFileTable(b.work, opts.GoSource)
	b.sameName = make(map[uint32]uint32)
	b.local = make(map[dwarf.Str]uint32)
	return b, nil
}

func (b *builder) free() {
	b.block.Free()
	b.names.strings.Free()
	b.symbols.free()
}

func (b *builder) inText(addr uint64) bool {
	if b.opts.Exclude.Contains(addr) || addr >= b.end {
		return false
	}
	for _, t := range b.text {
		if t.Contains(addr) {
			return true
		}
	}
	return false
}

// How much work a byte of a file is worth, and what a small file may take anyway.
const (
	workPerByte = 8
	leastWork   = 16 << 20
)

// readDWARF reads a file's units, then the names that they refer to elsewhere, and
// those of the supplementary file. What was read before an error stays.
func (b *builder) readDWARF(f *objfile.File) error {
	d, err := dwarf.Open(f, false, b.work)
	if err != nil || d == nil {
		return err
	}
	defer d.Close()
	b.work.Allow(workPerByte*d.Size() + leastWork)
	b.hasLines = true
	b.pack = b.openPackage(f.Path)
	defer b.pack.Close()
	err = d.Units(b.unit)
	if err == nil {
		err = b.resolve(d, &b.outside)
	}
	alt := openSupplement(f)
	if alt != nil {
		defer alt.Close()
		err = errors.Join(err, b.readSupplement(alt))
	}
	b.settleNames()
	d.FreeLines()
	err = errors.Join(err, b.names.collect(d.Strings(), dwarf.StrMain))
	if alt != nil {
		err = errors.Join(err, b.names.collect(alt.Section(".debug_str"), dwarf.StrAlt))
	}
	return err
}

// readSupplement reads the names that dwz has moved to a file that several share.
func (b *builder) readSupplement(f *objfile.File) error {
	d, err := dwarf.Open(f, false, b.work)
	if err != nil || d == nil {
		return err
	}
	defer d.Close()
	b.work.Allow(workPerByte * d.Size())
	local := b.local
	b.local, b.inSupplement = make(map[dwarf.Str]uint32), true
	err = b.resolve(d, &b.supplement)
	b.local, b.inSupplement = local, false
	return err
}

// finish writes the strings and the tables.
func (b *builder) finish(buildID []byte, start uint64) ([]byte, error) {
	at := b.block.Len()
	t := &block.Tables{Builder: builderVersion, BuildID: buildID, Base: b.base, Start: min(start, b.base), StringAt: at}
	t.Names = make([]uint32, len(b.names.entries))
	for i := range b.names.entries {
		t.Names[i] = b.names.entries[i].at
	}
	t.Files = make([]uint32, len(b.files.names))
	for i, name := range b.files.names {
		if i > 0 {
			t.Files[i] = b.names.text([]byte(name))
		}
	}
	if err := b.names.strings.Err(); err != nil {
		return nil, err
	}
	b.block.Write(b.names.strings.Bytes())
	b.names.strings.Free()
	t.Parts = b.entries()
	switch {
	case b.hasLines && b.opts.level.inlined():
		t.Flags = block.Rows | block.Inlined
	case b.hasLines && b.opts.level.rows():
		t.Flags = block.Rows
	case b.moreToCome:
		t.Flags = block.NamesOnly
	}
	if err := block.Finish(b.block, t); err != nil {
		return nil, err
	}
	return b.block.Take()
}

// build reads the module at a level. problem is what of the DWARF could not be
// read; the block has the rest.
func build(opts buildOptions, file, debug *objfile.File, buildID []byte) (data []byte, problem, err error) {
	b, err := newBuilder(opts, file.Text())
	if err != nil {
		return nil, nil, err
	}
	defer b.free()
	from := file
	if debug != nil && file.Section(".debug_info") == nil {
		from = debug
	}
	if opts.NamesOnly {
		b.moreToCome = from.Section(".debug_info") != nil
	} else {
		problem = b.readDWARF(from)
		b.data = unitData{}
	}
	b.work.Renew(workPerByte*file.Size() + leastWork)
	b.tidyParts()
	err = b.readSymbols(file)
	if debug != nil {
		err = errors.Join(err, b.readSymbols(debug))
	}
	problem = errors.Join(problem, err)
	b.symbols.sort()
	b.applySymbols()
	b.addSymbols()
	b.tidyParts()
	if err := errors.Join(b.block.Err(), b.names.strings.Err()); err != nil {
		return nil, problem, err
	}
	if len(b.parts) == 0 {
		return nil, nil, fmt.Errorf("%w%s", ErrNoSymbols, because(problem))
	}
	data, err = b.finish(buildID, file.Start())
	return data, problem, err
}

func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}
