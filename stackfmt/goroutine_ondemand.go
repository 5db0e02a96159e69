package stackfmt

import (
	"encoding/binary"
	"iter"
	"slices"
)

// A Frame has room for any kind of call, and most of it is empty in a dump. So stacks that are read on demand are kept as bytes: for each call its number
// in a table of the dump, and its arguments.

// WithStacksOnDemand leaves [Goroutine.Stack] and [Ancestor.Stack] nil, and keeps the
// stacks in a compact form, from which [Goroutine.Calls] and [Goroutine.ReadStacks] make
// them. A dump in which no stack repeats takes a third of the memory then.
func WithStacksOnDemand() ParseOption {
	return func(s *dumpScanner) {
		if s.packer = s.packers; s.packer == nil {
			s.packer = &packer{slots: make([]uint32, nameSlots)}
		}
		s.packer.table = &callTable{}
	}
}

// Calls yields the calls of the goroutine, the oldest first, whether its stack is in
// Stack or was left to be read on demand.
func (g *Goroutine) Calls() iter.Seq[Frame] {
	return func(yield func(Frame) bool) {
		if g.packed.table != nil {
			g.packed.each(yield)
			return
		}
		for _, f := range g.Stack {
			if !yield(f) {
				return
			}
		}
	}
}

// ReadStacks sets Stack, and that of each ancestor, where [WithStacksOnDemand] left them
// to be read. It must not be called by several goroutines at once for the same g.
func (g *Goroutine) ReadStacks() {
	g.Stack, g.packed = g.stack(), packedStack{}
	if slices.ContainsFunc(g.Ancestors, func(a Ancestor) bool { return a.packed.table != nil }) {
		g.Ancestors = slices.Clone(g.Ancestors) // a copy of g may share them
		for i := range g.Ancestors {
			if a := &g.Ancestors[i]; a.packed.table != nil {
				a.Stack, a.packed = a.packed.appendTo(nil), packedStack{}
			}
		}
	}
}

// stack returns the stack, wherever it is.
func (g *Goroutine) stack() Stack {
	if g.packed.table == nil {
		return g.Stack
	}
	return g.packed.appendTo(nil)
}

// packedStack is a stack in its compact form: how many calls it has, and for each, the
// oldest first, its number in the table, the length of its arguments, and those.
type packedStack struct {
	table *callTable
	code  string
}

// callTable holds each call of a dump once, without arguments.
type callTable struct{ calls []dumpCall }

// dumpCall is what the lines of a call tell, without its arguments.
type dumpCall struct {
	file, fn     string
	line, elided int32
	offset, pc   uint64
}

func (p packedStack) each(yield func(f Frame) bool) {
	code := p.code
	for n := takeUint(&code); n > 0; n-- {
		c := &p.table.calls[takeUint(&code)]
		size := takeUint(&code)
		args := code[:size]
		code = code[size:]
		if !yield(Frame{
			File: c.file, Line: int(c.line), Func: c.fn, PC: c.pc, Offset: c.offset, Elided: int(c.elided), Args: args,
		}) {
			return
		}
	}
}

func (p packedStack) appendTo(s Stack) Stack {
	code := p.code
	s = slices.Grow(s, takeUint(&code))
	p.each(func(f Frame) bool { s = append(s, f); return true })
	return s
}

// takeUint reads a number that binary.AppendUvarint wrote.
func takeUint(code *string) int {
	v, i := 0, 0
	for shift := 0; ; shift += 7 {
		b := (*code)[i]
		i++
		v |= int(b&0x7f) << shift
		if b < 0x80 {
			*code = (*code)[i:]
			return v
		}
	}
}

// packer makes stacks compact while a dump is read.
type packer struct {
	table *callTable
	calls []dumpCall
	// slots find a call by a hash of its numbers: they hold one more than its place in
	// calls. A map would hash the names of each call, which takes longer than all else.
	slots []uint32
	code  []byte
}

// maxProbes bounds the search for a call. One that has no slot stands in the table again.
const maxProbes = 8

// pack returns the compact form of the frames in hand, which are in the order of the
// text: the innermost first.
func (p *packer) pack(frames []dumpFrame, args []byte) packedStack {
	p.code = binary.AppendUvarint(p.code[:0], uint64(len(frames)))
	for i := len(frames) - 1; i >= 0; i-- {
		f := &frames[i]
		start := 0
		if i > 0 {
			start = frames[i-1].argsEnd
		}
		p.code = binary.AppendUvarint(p.code, uint64(p.number(f)))
		p.code = binary.AppendUvarint(p.code, uint64(f.argsEnd-start))
		p.code = append(p.code, args[start:f.argsEnd]...)
	}
	return packedStack{p.table, string(p.code)}
}

// number returns the number of a call in the table.
func (p *packer) number(f *dumpFrame) uint32 {
	c := dumpCall{file: f.file, fn: f.fn, line: int32(f.line), elided: int32(f.elided), offset: f.offset, pc: f.pc}
	at := c.hash()
	for range maxProbes {
		slot := &p.slots[at%uint32(len(p.slots))]
		if *slot == 0 {
			*slot = p.add(c) + 1
			return *slot - 1
		}
		if p.calls[*slot-1] == c {
			return *slot - 1
		}
		at++
	}
	if len(p.slots) <= 2*len(p.calls) {
		p.grow()
	}
	return p.add(c)
}

func (p *packer) add(c dumpCall) uint32 {
	p.calls = append(p.calls, c)
	return uint32(len(p.calls) - 1)
}

// grow gives the calls more slots.
func (p *packer) grow() {
	p.slots = make([]uint32, 2*len(p.slots))
	for i := range p.calls {
		at := p.calls[i].hash()
		for range maxProbes {
			slot := &p.slots[at%uint32(len(p.slots))]
			if *slot == 0 {
				*slot = uint32(i + 1)
				break
			}
			at++
		}
	}
}

func (c *dumpCall) hash() uint32 {
	const spread = 0x9E3779B97F4A7C15
	return uint32((uint64(c.line)*31 + c.offset*127 + c.pc + uint64(len(c.fn))) * spread >> 32)
}

// finish gives the table what the stacks of the dump refer to, and keeps the room for
// the next dump. It returns nil where that would be too much.
func (p *packer) finish() *packer {
	p.table.calls = slices.Clone(p.calls)
	if len(p.calls) > maxKeptFrames || cap(p.code) > maxKeptText {
		return nil
	}
	clear(p.calls)
	clear(p.slots)
	p.table, p.calls = nil, p.calls[:0]
	return p
}
