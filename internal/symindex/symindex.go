// Package symindex turns the debug information and the symbol tables of an ELF file
// into the block that the C core looks addresses up in after a fault
// (native/image/symblock.h): functions, files, lines and inlined calls. It runs while
// the process is healthy, so it may take its time; what it returns is small and needs
// no parsing.
//
// Files are read as streams (objfile), the DWARF by a reader of its own (dwarf),
// and what has to be held is held outside of Go's heap (offheap). The block's layout
// is package block's.
package symindex

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/epitaph-go/epitaph/internal/symindex/block"
	"github.com/epitaph-go/epitaph/internal/symindex/objfile"
	"github.com/epitaph-go/epitaph/internal/symindex/offheap"
)

// builderVersion is that of the blocks' contents, for those who keep them.
const builderVersion = 1

// A Range is [Start, End) in addresses of the file.
type Range = objfile.Range

// Options say what goes into a block, and how.
type Options struct {
	// BuildID is that of the module that was loaded. A file with another one has
	// taken its place, and would give wrong names: it is refused. nil: whatever
	// is there.
	BuildID []byte
	// Exclude holds no code of interest: Go's text, whose names the pclntab has.
	Exclude Range
	// Budget is the most bytes that the block may have. Where it is too small
	// inlined calls are left out first, then lines, then names.
	Budget int
	// DebugDirs are searched for debug files before /usr/lib/debug.
	DebugDirs []string
	// Cache is a directory for blocks, of the user's own; empty: none.
	Cache string
	// GoSource is what GOROOT/src/ is in the paths that the program prints.
	GoSource string
	// Rebuild leaves a block alone that was shipped with the file.
	Rebuild bool
	// NamesOnly leaves the DWARF alone: a block for the time until the whole one
	// is there. Where there is no DWARF it is the whole one.
	NamesOnly bool
	// Yield, if not nil, is called now and then: after each half millisecond of
	// work, or sooner.
	Yield func()
}

// A Result is a block, and what is to be said of it.
type Result struct {
	// Data is the block. It is memory outside of the heap: Free releases it, or
	// who takes it over does.
	Data []byte
	// Start is the lowest address of the file that is loaded.
	Start uint64
	// Dropped says what the budget had no room for.
	Dropped Dropped
	// Lacks says what the file, with its debug file, does not have in the first place.
	Lacks Lacks
	// Problem says what of the DWARF, or of a block that was shipped, could not be
	// read; nil: nothing.
	Problem error
}

// Dropped is what a block lacks for want of room.
type Dropped int

// What is dropped, in this order.
const (
	DroppedNothing Dropped = iota
	DroppedInlined         // inlined calls
	DroppedLines           // and lines
	DroppedNames           // all
)

// Lacks is what a file was built without.
type Lacks int

// What files lack: by -w in Go's linker flags, by -s.
const (
	LacksNothing Lacks = iota
	LacksLines
	LacksNames // but for those that are exported
)

// Free releases the block.
func (r *Result) Free() {
	offheap.Free(r.Data)
	r.Data = nil
}

// ErrNoSymbols is the error for a file without any.
var ErrNoSymbols = errors.New("no symbols")

// ErrReplaced is the error for a file that is not the one that was loaded.
var ErrReplaced = errors.New("another file has taken its place")

// dropped says what the levels leave out.
var dropped = [...]Dropped{levelInlined: DroppedNothing, levelRows: DroppedInlined, levelNames: DroppedLines}

// OverBudget tells whether a block failed for want of room.
func OverBudget(err error) bool {
	return errors.Is(err, offheap.ErrLimit) || errors.Is(err, block.ErrTooLarge)
}

// lacks looks at what there is to read.
func lacks(files ...*objfile.File) Lacks {
	found := LacksNames
	for _, f := range files {
		switch {
		case f == nil:
		case f.Section(".debug_info") != nil:
			return LacksNothing
		case f.Section(".symtab") != nil:
			found = LacksLines
		}
	}
	return found
}

// open opens the file at path, if it is the one with the build-id of the options.
func open(path string, opts *Options) (file *objfile.File, id []byte, err error) {
	file, err = objfile.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("symindex: %w", err)
	}
	id = file.BuildID()
	if len(opts.BuildID) > 0 && !bytes.Equal(id, opts.BuildID) {
		file.Close()
		return nil, nil, fmt.Errorf("symindex: %s: %w", path, ErrReplaced)
	}
	return file, id, nil
}

// Build reads the file at path, and its debug file if there is one, into the
// block that the C core looks addresses up in. Where a block was shipped with the file, or
// is in the cache, that is it, NamesOnly or not. A file without any symbol is an error. It is
// safe for concurrent use; a hostile file gives an error, or a block with wrong contents, for
// a bounded amount of work.
func Build(path string, opts Options) (*Result, error) {
	file, id, err := open(path, &opts)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var problem error
	if !opts.Rebuild {
		var shipped *Result
		if shipped, problem = shippedBlock(file, id, &opts); shipped != nil {
			return shipped, nil
		}
	}
	if kept := cached(&opts, id); kept != nil {
		return kept, nil
	}
	debug := openDebugFile(file, id, opts.DebugDirs)
	if debug != nil {
		defer debug.Close()
	}
	for l := levelInlined; ; l++ {
		data, unread, err := build(buildOptions{&opts, l}, file, debug, id)
		if err == nil {
			result := &Result{Data: data, Start: file.Start(), Dropped: dropped[l], Lacks: lacks(file, debug), Problem: errors.Join(problem, unread)}
			if errors.Is(problem, offheap.ErrLimit) && result.Lacks != LacksNothing {
				result.Dropped = DroppedLines // the block that was shipped had them
			}
			keep(&opts, id, result)
			return result, nil
		}
		if !OverBudget(err) || l == levelNames {
			return nil, fmt.Errorf("symindex: %s: %w", path, err)
		}
	}
}
