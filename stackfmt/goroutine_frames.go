package stackfmt

import (
	"bytes"
	"strings"
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
	loc, at, ok := s.position(b)
	if !ok {
		return false
	}
	text := s.heldText
	if s.held == heldCreator {
		name, parent := parseCreator(text)
		s.created(s.locationOf(loc, at, s.intern(name)), parent)
		s.held = heldNone
		return true
	}
	if loc.c {
		// The symbolizer prints C++ names with their parameters, so nothing is
		// cut off.
		fn := ""
		if string(text) != "non-Go function" {
			fn = s.intern(text)
		}
		s.held = heldNone
		s.push(s.locationOf(loc, at, fn), nil)
		return true
	}
	if !isGoCall(text) {
		return false
	}
	open := bytes.LastIndexByte(text, '(')
	s.held = heldNone
	s.push(s.locationOf(loc, at, s.intern(text[:open])), text[open+1:len(text)-1])
	return true
}

// created takes the go statement that started the goroutine in hand, or its ancestor.
func (s *dumpScanner) created(by *Location, parent int64) {
	if s.ancestors {
		s.g.Ancestors[len(s.g.Ancestors)-1].CreatedBy = by
		return
	}
	s.g.CreatedBy, s.g.Parent = by, parent
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

func (s *dumpScanner) push(at *Location, args []byte) {
	if len(s.calls) >= maxGoroutineFrames {
		s.endPiece()
	}
	s.calls = append(s.calls, Call{at, s.argsOf(args)})
}

// argsOf returns an argument list as a string. The lists of a dump are cut from a few
// texts, as an allocation for each costs more than to read the call.
func (s *dumpScanner) argsOf(b []byte) string {
	switch {
	case s.shared != nil, len(b) == 0:
		return ""
	case string(b) == "...":
		return "..."
	case len(s.calls) > 0 && s.calls[len(s.calls)-1].Args == string(b): // a recursion
		return s.calls[len(s.calls)-1].Args
	}
	if s.args.Cap()-s.args.Len() < len(b) {
		// What was cut from the last text keeps it.
		s.args = strings.Builder{}
		s.args.Grow(max(min(s.size/16, maxArgs), len(b)))
	}
	s.args.Write(b)
	return s.args.String()[s.args.Len()-len(b):]
}

// maxArgs is the largest text that argument lists are cut from, if each is shorter.
const maxArgs = 4 << 10

// endStack turns the calls in hand into the stack that they belong to.
func (s *dumpScanner) endStack() {
	if len(s.calls) == 0 {
		return
	}
	to := &s.g.Stack
	if s.ancestors {
		to = &s.g.Ancestors[len(s.g.Ancestors)-1].Stack
	}
	*to = s.stack()
	s.mostCalls = max(s.mostCalls, len(s.calls))
	s.calls = s.calls[:0]
}

// stack makes a stack of the calls in hand. Without arguments one that was made
// before will do, as goroutines that differ in nothing else are many.
func (s *dumpScanner) stack() Calls {
	var key uint64
	if s.shared != nil {
		for i := range s.calls {
			at := s.calls[i].Location
			key = (key*31+uint64(at.Line))*31 + at.Offset + uint64(len(at.Func))
		}
		if known := s.shared[key]; s.isStack(known) {
			return known
		}
	}
	stack := s.room(len(s.calls))
	for i := range s.calls {
		stack[len(stack)-1-i] = s.calls[i]
	}
	if s.shared != nil {
		if len(s.shared) >= maxInterned {
			clear(s.shared)
		}
		s.shared[key] = stack
	}
	return stack
}

// maxSlab is how many calls are allocated at once, for several stacks.
const maxSlab = 8 << 10 / int(unsafe.Sizeof(Call{}))

// room returns n zero calls. Where there are many, stacks are cut from slabs, as an
// allocation costs more than to read a stack. What the last slab leaves over is at
// most a sixteenth of all.
func (s *dumpScanner) room(n int) Calls {
	if n > len(s.slab) {
		slab := maxSlab
		for slab > s.made/16 {
			slab /= 2
		}
		s.slab = make(Calls, max(n, slab))
	}
	stack := s.slab[:n:n]
	s.slab = s.slab[n:]
	s.made += n
	return stack
}

// isStack reports whether known is the stack of the calls in hand, which have no arguments.
func (s *dumpScanner) isStack(known Calls) bool {
	if len(known) != len(s.calls) {
		return false
	}
	for i := range s.calls {
		if known[len(known)-1-i] != s.calls[i] {
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
	next.Stack, next.Ancestors = nil, nil
	g.Partial = true
	if s.ancestors {
		next.Ancestors = []Ancestor{{ID: g.Ancestors[len(g.Ancestors)-1].ID, CreatedBy: s.locations.unknown()}}
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
