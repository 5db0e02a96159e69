package stackfmt

import "bytes"

// A dump that went through a collector has a prefix on every line: a time, a
// container's name, a priority. One that was logged has a prefix on the first line
// only. Nobody says which, so the first line of a dump that has something before it
// is held back until the next line tells: what both have in common, numbers apart,
// is a prefix of every line.

// collector is what stands before each line. Runs of digits stand for any digits.
type collector struct{ form []byte }

// length returns the length of the prefix of b, -1 if it has none. A prefix that
// ends in blanks may lack them on an empty line.
func (c *collector) length(b []byte) int {
	i := 0
	for j := 0; j < len(c.form); {
		if i == len(b) {
			if len(bytes.TrimLeft(c.form[j:], " \t")) == 0 {
				return i
			}
			return -1
		}
		if isDigit(c.form[j]) {
			if !isDigit(b[i]) {
				return -1
			}
			for j < len(c.form) && isDigit(c.form[j]) {
				j++
			}
			for i < len(b) && isDigit(b[i]) {
				i++
			}
			continue
		}
		if c.form[j] != b[i] {
			return -1
		}
		i++
		j++
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// common returns the longest beginning of prefix that ends behind a blank and that
// next has too, nil if that is only blanks.
func common(prefix, next []byte) []byte {
	for end := len(prefix); end > 0; end-- {
		if c := prefix[end-1]; c != ' ' && c != '\t' && c != '|' {
			continue
		}
		c := collector{prefix[:end]}
		if len(bytes.TrimSpace(prefix[:end])) > 0 && c.length(next) >= 0 {
			return bytes.Clone(prefix[:end])
		}
	}
	return nil
}

// openers are what a dump's first line can begin with.
var openers = [][]byte{
	[]byte("goroutine "), []byte("panic: "), []byte("fatal error: "), []byte("SIG"), []byte("runtime stack:"), []byte("Exception 0x"), []byte("runtime: "),
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
		case ' ', '\t', '|', 'm': // the last letter of an escape sequence
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
		s.collector = &collector{form}
		s.plain(b[s.collector.length(b):])
		return
	}
	if !bytes.HasPrefix(b[s.firstAt:], []byte("goroutine ")) {
		s.unprefixed(b) // a log line about a panic
		return
	}
	if s.unprefixed(b[s.firstAt:]); s.g != nil {
		// A test's log indents what follows.
		s.indent = append(s.indent[:0], next[:len(next)-len(bytes.TrimLeft(next, " "))]...)
	}
}
