package symindex

import (
	"github.com/epitaph-go/epitaph/internal/symindex/block"
	"github.com/epitaph-go/epitaph/internal/symindex/dwarf"
)

// A partWriter numbers the scopes of a part, by when they are first used.
type partWriter struct {
	encoder block.Encoder
	part    block.Part
	next    []int32 // by scope, another one of the same call with another file
	root    int32   // the first scope of the function itself, or none
}

// encode writes the part of the range r with the sweeper's steps.
func (b *builder) encode(r dwarf.Range, name uint32) {
	w := &b.writer
	w.part = block.Part{Size: uint32(r.End - r.Start), Scopes: w.part.Scopes[:0], Rows: w.part.Rows[:0]}
	w.next, w.root = w.next[:0], none
	steps := b.sweeper.steps
	if len(steps) > 0 {
		b.functionScope(steps)
		for i := range steps {
			s := &steps[i]
			scope := b.scopeOf(s.call, s.file)
			w.part.Rows = append(w.part.Rows, block.Row{PC: uint32(s.addr - r.Start), Scope: scope, Line: s.line, Near: s.near})
		}
	}
	b.writePart(r.Start, name)
}

// functionScope makes scope 0, that of the function's own code.
func (b *builder) functionScope(steps []step) {
	file := uint32(0)
	for i := range steps {
		if steps[i].call == none && steps[i].line != 0 {
			file = steps[i].file
			break
		}
	}
	b.scopeOf(none, file)
}

// scopeOf is the number of the scope of a call whose code is in a file.
func (b *builder) scopeOf(i int32, file uint32) uint32 {
	w := &b.writer
	first := &w.root
	if i != none {
		first = &b.data.calls[i].scope
	}
	for s := *first; s != none; s = w.next[s] {
		if w.part.Scopes[s].File == file {
			return uint32(s)
		}
		b.work.Spend(1)
	}
	scope := block.Scope{Parent: block.NoParent, File: file}
	if i != none {
		c := &b.data.calls[i]
		if !c.named {
			c.name, c.named = b.nameOf(b.current, c.origin, c.alt), true
		}
		scope.Name, scope.CallFile, scope.CallLine = c.name, c.file, c.line
		scope.Parent = b.anyScope(c.parent)
	}
	number := int32(len(w.part.Scopes))
	w.part.Scopes = append(w.part.Scopes, scope)
	// The first one stays the first: it is the parent of the calls in it.
	if *first == none {
		*first = number
		w.next = append(w.next, none)
	} else {
		w.next = append(w.next, w.next[*first])
		w.next[*first] = number
	}
	return uint32(number)
}

// anyScope is a scope of a call, whatever its file: a caller's file is in its
// call's scope.
func (b *builder) anyScope(i int32) uint32 {
	first := b.writer.root
	if i != none {
		first = b.data.calls[i].scope
	}
	if first != none {
		return uint32(first)
	}
	return b.scopeOf(i, 0)
}

// writePart writes what the part has to the block.
func (b *builder) writePart(start uint64, name uint32) {
	p := &b.writer.part
	at := b.block.Len() - block.HeaderSize
	b.writer.encoder.Encode(b.block, p)
	b.parts = append(b.parts, part{block.PartEntry{Start: start, Blob: uint32(at), Name: name}, p.Size})
	b.work.Spend(8)
}
