package stackfmt

import (
	"bytes"
	"strings"

	"github.com/epitaph-go/epitaph/internal/collected"
)

// A dump that went through a collector has a prefix on every line: a time, a
// container's name, a priority. One that was logged has a prefix on the first line
// only. The format is not declared, so the first line of a dump that has something before it
// is held back until the next line tells: what both have in common, numbers apart,
// is a prefix of every line.

// common returns the longest beginning of prefix that ends behind a blank, a bar or a
// bracket and that next has too, nil if that is only blanks.
func common(prefix, next []byte) *collected.Prefix {
	line := string(next)
	p := collected.Common(string(prefix), line, true, func(rest string) bool {
		i := len(line) - len(rest)
		return i > 0 && strings.IndexByte(" \t|]", line[i-1]) >= 0
	})
	if p == nil || strings.TrimSpace(p.String()) == "" {
		return nil
	}
	return p
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// openers are what a dump's first line can begin with.
var openers = [][]byte{
	[]byte("goroutine "), []byte("panic: "), []byte("fatal error: "), []byte("SIG"), []byte("runtime stack:"), []byte("Exception 0x"), []byte("runtime: "),
	[]byte("unexpected fault address 0x"),
}

// opensBehind returns where in b a dump may begin that has a prefix, -1 if
// nowhere.
func (s *dumpScanner) opensBehind(b []byte) int {
	for _, o := range openers {
		i := bytes.Index(b, o)
		if i < 1 || len(bytes.TrimSpace(b[:i])) == 0 {
			continue
		}
		switch b[i-1] {
		case ' ', '\t', '|', ']', 'm': // the last letter of an escape sequence
		default:
			continue
		}
		switch o[0] {
		case 'g':
			if !s.parseHeader(b[i:], &Goroutine{}) {
				continue
			}
		case 'S':
			if name, _, ok := bytes.Cut(b[i:], []byte(": ")); !ok || !isSignalName(name) {
				continue
			}
		}
		return i
	}
	return -1
}

// hold keeps a line with something before the beginning of a dump for the next one.
func (s *dumpScanner) holdFirst(b []byte, at int) {
	s.first = append(s.first[:0], b...)
	s.firstAt, s.firstHeld = at, true
}

// releaseFirst takes the line that was held back, now that the next one is known;
// at the end of the text there is none.
func (s *dumpScanner) releaseFirst(next []byte) {
	s.firstHeld = false
	number := s.number
	s.number--
	defer func() { s.number = number }()
	b := s.first
	if form := common(b[:s.firstAt], next); form != nil && s.collector == nil {
		s.collector = form
		s.plain(b[max(s.collector.LengthBytes(b), 0):])
		return
	}
	if !bytes.HasPrefix(b[s.firstAt:], []byte("goroutine ")) {
		margin := marginOf(b[:s.firstAt], next)
		if margin == nil {
			s.unprefixed(b) // a log line about a panic
			return
		}
		s.unprefixed(b[s.firstAt:])
		s.margin = append(s.margin[:0], margin...)
		return
	}
	if s.unprefixed(b[s.firstAt:]); s.g != nil {
		// A test's log indents what follows.
		s.indent = append(s.indent[:0], next[:len(next)-len(bytes.TrimLeft(next, " "))]...)
	}
}
