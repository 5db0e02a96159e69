package stackfmt

import (
	"bytes"
	"hash/maphash"
)

// Most of a large dump was in it before. Many goroutines do the same as others, to
// the last argument: a stack whose text was read before is not read again, the
// goroutines share it. Of the other stacks most calls differ in their arguments
// only: those are taken without a look at their parts.

// repeats are the stacks that were read, in sets by a hash of their first lines. To
// hash a whole stack, or only to look for its end, costs more than to compare it with
// the few that begin like it.
type repeats struct {
	text  []byte // all of the dump
	known [][repeatWays]repeat
}

// repeat is the text of a stack and whose it was. It holds no pointers, so that the
// table costs the garbage collector nothing.
type repeat struct {
	// text[from:to] is what follows the header, up to the blank line.
	from, to         int
	lines, goroutine int32
	// sigSeen changes how some lines are read.
	sigSeen bool
}

const (
	repeatWays = 4
	// maxRepeatSets bounds the table, which has about as many places as there are
	// goroutines.
	maxRepeatSets = 1 << 11
	// maxKeptSets is how many are kept for the next dump.
	maxKeptSets = 1 << 6
	// repeatLines is how many lines are hashed.
	repeatLines = 4
)

// begin empties the table, which gets about n places.
func (r *repeats) begin(text []byte, n int) {
	sets := 1
	for sets*repeatWays < n && sets < maxRepeatSets {
		sets *= 2
	}
	if r.text = text; sets > cap(r.known) {
		r.known = make([][repeatWays]repeat, sets)
		return
	}
	r.known = r.known[:sets]
	clear(r.known)
}

// kept returns the table for the next dump.
func (r *repeats) kept() repeats {
	if cap(r.known) > maxKeptSets {
		return repeats{}
	}
	return repeats{known: r.known}
}

// beginning returns the first lines of the stack that text begins with.
func beginning(text []byte) []byte {
	n := 0
	for range repeatLines {
		i := bytes.IndexByte(text[n:], '\n')
		if i <= 0 {
			break
		}
		n += i + 1
	}
	return text[:n]
}

// repeated reads the goroutine whose header the scanner just read, and returns the text
// behind it. read are the goroutines of the dump so far.
func (s *dumpScanner) repeated(text []byte, read *[]Goroutine) []byte {
	r := &s.repeats
	set := &r.known[maphash.Bytes(s.seed, beginning(text))%uint64(len(r.known))]
	for i := range set {
		if k := &set[i]; k.lines > 0 && k.sigSeen == s.sigSeen && r.isNext(k, text) {
			g, same := s.g, &(*read)[k.goroutine]
			g.Stack, g.Ancestors, g.Unavailable = same.Stack, same.Ancestors, same.Unavailable
			g.CreatedBy, g.Parent = same.CreatedBy, same.Parent
			s.number += int(k.lines)
			s.endGoroutine()
			return text[k.to-k.from:]
		}
	}
	number, unknowns, before := s.number, s.unknowns, len(*read)
	k := repeat{from: len(r.text) - len(text), sigSeen: s.sigSeen}
	for len(text) > 0 && s.g != nil && len(*read) == before {
		text = s.knownCreator(s.knownCalls(text))
		if len(text) == 0 {
			break
		}
		blank := text[0] == '\n'
		if blank {
			k.to, k.lines = len(r.text)-len(text), int32(s.number-number)
		}
		text = s.next(text)
		if blank && s.g == nil && s.unknowns == unknowns && !s.pieces {
			k.goroutine = int32(len(*read) - 1)
			copy(set[1:], set[:])
			set[0] = k
		}
	}
	return text
}

// isNext reports whether text begins with the stack of k and a blank line.
func (r *repeats) isNext(k *repeat, text []byte) bool {
	n := k.to - k.from
	return n < len(text) && text[n] == '\n' && bytes.Equal(r.text[k.from:k.to], text[:n])
}

// next takes the first line of text and returns what is behind it.
func (s *dumpScanner) next(text []byte) []byte {
	i := bytes.IndexByte(text, '\n')
	if i < 0 {
		if len(text) > 0 {
			s.line(text)
		}
		return nil
	}
	s.line(text[:i])
	return text[i+1:]
}

// bare reports whether the scanner just read a header that has nothing before it.
func (s *dumpScanner) bare() bool {
	return s.g != nil && s.gLine == s.number && s.betweenCalls()
}

// betweenCalls reports whether a call can come next, with nothing before its lines.
func (s *dumpScanner) betweenCalls() bool {
	return s.g != nil && s.held == heldNone && s.blanks == 0 && len(s.indent) == 0 && len(s.margin) == 0 && s.collector == nil && !s.doubled && !s.firstHeld
}

// knownCalls takes the calls at the beginning of text whose position and function
// were read before, and returns what is behind them. It takes nothing that line
// would not take in the same way.
func (s *dumpScanner) knownCalls(text []byte) []byte {
	if !s.betweenCalls() {
		return text
	}
	last := uint32(noPosition)
	for {
		end := bytes.IndexByte(text, '\n')
		if end < 2 || end+2 >= len(text) || text[end+1] != '\t' {
			return text
		}
		first, rest := withoutCR(text[:end]), text[end+2:]
		at := s.positions[last].next
		k := &s.positions[at]
		if n := len(k.text); n > 0 && n < len(rest) && rest[n] == '\n' && k.text == string(rest[:n]) {
			rest = rest[n+1:]
		} else {
			if end = bytes.IndexByte(rest, '\n'); end < 0 {
				return text
			}
			second := withoutCR(rest[:end])
			rest = rest[end+1:]
			if at = s.find(second, s.hash(second)); at == noPosition {
				return text
			}
			k = &s.positions[at]
			s.positions[last].next = at
		}
		n, shut := len(k.fn), len(first)-1
		if n == 0 || n >= shut || first[n] != '(' || first[shut] != ')' || string(first[:n]) != k.fn {
			return text
		}
		args := first[n+1 : shut]
		if bytes.IndexByte(args, '(') >= 0 {
			return text
		}
		location := k.at
		if location == nil {
			location = s.locationOf(k.position, at, k.fn)
		}
		s.number += 2
		s.push(location, args)
		text, last = rest, at
	}
}

// knownCreator does the same for the lines of the go statement that started the goroutine.
func (s *dumpScanner) knownCreator(text []byte) []byte {
	if len(text) == 0 || text[0] != 'c' || !bytes.HasPrefix(text, creatorPrefix) || !s.betweenCalls() {
		return text
	}
	end := bytes.IndexByte(text, '\n')
	if end < 0 || end+2 >= len(text) || text[end+1] != '\t' {
		return text
	}
	first, rest := withoutCR(text[:end]), text[end+2:]
	if end = bytes.IndexByte(rest, '\n'); end < 0 {
		return text
	}
	second := withoutCR(rest[:end])
	at := s.find(second, s.hash(second))
	if at == noPosition {
		return text
	}
	k := &s.positions[at]
	name, parent := parseCreator(first)
	if string(name) != k.fn {
		return text
	}
	s.created(s.locationOf(k.position, at, k.fn), parent)
	s.number += 2
	return rest[end+1:]
}

var creatorPrefix = []byte("created by ")

func withoutCR(line []byte) []byte {
	if n := len(line); n > 1 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}
