package stackfmt

import (
	"bytes"
	"hash/maphash"
)

// Most goroutines of a large dump do the same as others, to the last argument. A
// stack whose text was read before is not read again: the goroutines share it.

// repeats are the stacks that were read, by a hash of their text.
type repeats struct {
	seed  maphash.Seed
	known map[uint64]*repeat
}

type repeat struct {
	body  []byte // what follows the header, up to the blank line
	lines int
	// sigSeen changes how some lines are read.
	sigSeen bool
	g       Goroutine
}

// bodyOf returns the lines before the next blank line.
func bodyOf(text []byte) []byte {
	if end := bytes.Index(text, []byte("\n\n")); end >= 0 {
		return text[:end+1]
	}
	return text
}

// read reads the goroutine whose header the scanner just read, and returns the text
// behind it.
func (r *repeats) read(s *dumpScanner, text []byte) []byte {
	if len(text) == 0 || text[0] == '\n' {
		return text
	}
	body := bodyOf(text)
	text = text[len(body):]
	key := maphash.Bytes(r.seed, body)
	if k := r.known[key]; k != nil && k.sigSeen == s.sigSeen && bytes.Equal(k.body, body) {
		g := s.g
		g.Stack, g.Ancestors, g.Unavailable = k.g.Stack, k.g.Ancestors, k.g.Unavailable
		g.CreatedBy, g.Parent = k.g.CreatedBy, k.g.Parent
		s.number += k.lines
		s.endGoroutine()
		return text
	}
	g, number, unknown := s.g, s.number, s.unknowns
	sigSeen := s.sigSeen
	for rest := body; len(rest) > 0; {
		rest = s.next(rest)
		if s.g != g {
			// Something else stands in the same block.
			for len(rest) > 0 {
				rest = s.next(rest)
			}
			return text
		}
	}
	s.endGoroutine()
	if s.unknowns == unknown && !s.pieces {
		r.known[key] = &repeat{body: body, lines: s.number - number, sigSeen: sigSeen, g: *g}
	}
	return text
}

// next takes the first line of text and returns what is behind it.
func (s *dumpScanner) next(text []byte) []byte {
	i := bytes.IndexByte(text, '\n')
	if i < 0 {
		s.line(text)
		return nil
	}
	s.line(text[:i])
	return text[i+1:]
}

// bare reports whether the scanner just read a header that has nothing before it.
func (s *dumpScanner) bare() bool {
	return s.g != nil && s.gLine == s.number && len(s.indent) == 0 && s.collector == nil && !s.doubled && s.held == heldNone
}
