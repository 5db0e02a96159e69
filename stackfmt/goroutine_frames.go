package stackfmt

import "bytes"

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
	loc, ok := s.position(b)
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
	s.args = append(s.args, args...)
	f.argsEnd = len(s.args)
	s.frames = append(s.frames, f)
}

// endStack turns the frames in hand into the stack that they belong to.
func (s *dumpScanner) endStack() {
	if len(s.frames) == 0 {
		return
	}
	all := string(s.args)
	stack := make(Stack, len(s.frames))
	start := 0
	for i := range s.frames {
		f := &stack[len(stack)-1-i]
		*f = s.frames[i].frame()
		f.Args = all[start:s.frames[i].argsEnd]
		start = s.frames[i].argsEnd
	}
	if s.ancestors {
		s.g.Ancestors[len(s.g.Ancestors)-1].Stack = stack
	} else {
		s.g.Stack = stack
	}
	s.frames, s.args = s.frames[:0], s.args[:0]
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
