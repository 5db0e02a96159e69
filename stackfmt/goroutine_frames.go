package stackfmt

import (
	"bytes"
	"unsafe"
)

// The calls of a goroutine: the line that is held back, the second one, the stack.

func (s *dumpScanner) hold(h held, b []byte) {
	s.dropHeld()
	s.held, s.heldLine = h, s.number
	s.heldText = append(s.heldText[:0], b...)
	s.heldRecord = s.record
}

// dropHeld lets go of a line whose second line did not come.
func (s *dumpScanner) dropHeld() {
	if s.held == heldNone {
		return
	}
	s.held = heldNone
	s.unknowns++
	text := s.heldRecord
	if text == "" {
		text = string(s.indent) + string(s.heldText)
	}
	s.emit(DumpPart{Line: s.heldLine, Unknown: text})
}

// location takes the second line of a call.
func (s *dumpScanner) location(b []byte) bool {
	if s.held == heldNone {
		return false
	}
	loc, known, ok := s.position(b)
	if !ok {
		return false
	}
	f := dumpFrame{position: loc}
	text := s.heldText
	if s.held == heldCreator {
		name, parent := parseCreator(text)
		f.fn = s.intern(name)
		if s.ancestors {
			a := &s.g.Ancestors[len(s.g.Ancestors)-1]
			a.CreatedBy = f.frame()
		} else {
			s.g.CreatedBy, s.g.Parent = f.frame(), parent
		}
		s.held = heldNone
		return true
	}
	if loc.c {
		// The symbolizer prints C++ names with their parameters, so nothing is
		// cut off.
		if string(text) != "non-Go function" {
			f.fn = s.intern(text)
		}
		s.held = heldNone
		s.push(f, nil)
		return true
	}
	if !isGoCall(text) {
		return false
	}
	open := bytes.LastIndexByte(text, '(')
	f.fn = s.intern(text[:open])
	if known != nil {
		known.fn = f.fn
	}
	s.held = heldNone
	s.push(f, text[open+1:len(text)-1])
	return true
}

// isGoCall reports whether b has the form of a Go call. Neither a function's
// name nor its arguments, which are numbers and braces, end in a parenthesis
// otherwise.
func isGoCall(b []byte) bool {
	return len(b) > 2 && b[len(b)-1] == ')' && bytes.LastIndexByte(b, '(') > 0
}

// isCall reports whether b can be the first line of a call of Go or C: a name
// has no space, unless it is a C++ name with parameters.
func isCall(b []byte) bool {
	i := bytes.IndexAny(b, " (<")
	return i < 0 || b[i] != ' ' || string(b) == "non-Go function"
}

func (s *dumpScanner) push(f dumpFrame, args []byte) {
	if len(s.frames) >= maxGoroutineFrames {
		s.endPiece()
	}
	if s.shared == nil {
		s.args = append(s.args, args...)
	}
	f.argsEnd = len(s.args)
	s.frames = append(s.frames, f)
}

// endStack turns the frames in hand into the stack that they belong to.
func (s *dumpScanner) endStack() {
	if len(s.frames) == 0 {
		return
	}
	to, packed := &s.g.Stack, &s.g.packed
	if s.ancestors {
		a := &s.g.Ancestors[len(s.g.Ancestors)-1]
		to, packed = &a.Stack, &a.packed
	}
	if s.packer != nil {
		*packed = s.packer.pack(s.frames, s.args)
	} else {
		*to = s.stack()
	}
	s.frames, s.args = s.frames[:0], s.args[:0]
}

// stack makes a stack of the frames in hand. Without arguments one that was made
// before will do, as goroutines that differ in nothing else are many.
func (s *dumpScanner) stack() Stack {
	var key uint64
	if s.shared != nil {
		for i := range s.frames {
			f := &s.frames[i]
			key = (key*31+uint64(f.line))*31 + f.offset + uint64(len(f.fn))
		}
		if known := s.shared[key]; s.isStack(known) {
			return known
		}
	}
	all := string(s.args)
	stack := s.room(len(s.frames))
	start := 0
	for i := range s.frames {
		f := &stack[len(stack)-1-i]
		s.frames[i].fill(f)
		f.Args = all[start:s.frames[i].argsEnd]
		start = s.frames[i].argsEnd
	}
	if s.shared != nil {
		if len(s.shared) >= maxInterned {
			clear(s.shared)
		}
		s.shared[key] = stack
	}
	return stack
}

// maxSlab is how many frames are allocated at once, for several stacks: as many as
// fit into the largest of the allocator's size classes.
const maxSlab = 32 << 10 / int(unsafe.Sizeof(Frame{}))

// room returns n zero frames. Where there are many, stacks are cut from slabs, as an
// allocation costs more than to read a stack. What the last slab leaves over is at
// most a sixteenth of all.
func (s *dumpScanner) room(n int) Stack {
	if n > len(s.slab) {
		slab := maxSlab
		for slab > s.made/16 {
			slab /= 2
		}
		s.slab = make(Stack, max(n, slab))
	}
	stack := s.slab[:n:n]
	s.slab = s.slab[n:]
	s.made += n
	return stack
}

// isStack reports whether known is the stack of the frames in hand.
func (s *dumpScanner) isStack(known Stack) bool {
	if len(known) != len(s.frames) {
		return false
	}
	for i := range s.frames {
		f, k := &s.frames[i], &known[len(known)-1-i]
		if k.Func != f.fn || k.File != f.file || k.Line != f.line || k.PC != f.pc || k.Offset != f.offset || k.Elided != f.elided {
			return false
		}
	}
	return true
}

// endPiece delivers the goroutine in hand because it has grown too large, and
// goes on with an empty one.
func (s *dumpScanner) endPiece() {
	s.endStack()
	g := *s.g
	next := g
	next.Stack, next.packed, next.Ancestors = nil, packedStack{}, nil
	g.Partial = true
	if s.ancestors {
		next.Ancestors = []Ancestor{{ID: g.Ancestors[len(g.Ancestors)-1].ID}}
	}
	s.emit(DumpPart{Line: s.gLine, Goroutine: &g})
	s.g, s.pieces = &next, true
}

func (s *dumpScanner) endGoroutine() {
	s.dropHeld()
	s.endStack()
	g := s.g
	s.g = nil
	s.emit(DumpPart{Line: s.gLine, Goroutine: g})
}
