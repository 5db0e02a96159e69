package stackfmt

// Some collectors say themselves what they have put around a line: Kubernetes' container
// runtimes, which cut lines of more than 16 KiB, and those that write JSON, a record for
// each line or one with the whole dump in it. Their lines have the numbers of the records.

// maxJoined is the longest line that is put together from pieces.
const maxJoined = 16 << 20

// wrapped takes a line that is a record of a collector, and reports whether it is one.
func (s *dumpScanner) wrapped(b []byte) bool {
	switch {
	case len(b) > 2 && (b[0] == '{' || b[0] == '"'):
	case len(b) > 20 && isDigit(b[0]) && b[4] == '-' && b[10] == 'T':
	default:
		return false
	}
	s.unwrap.Limit = maxJoined
	text := string(b)
	lines := s.unwrap.Unwrap(nil, text)
	if len(lines) == 1 && lines[0].Text == text {
		return false
	}
	if len(lines) == 1 {
		s.record, s.recordText = text, lines[0].Text
	}
	for _, l := range lines {
		s.unwrapped([]byte(l.Text))
	}
	s.record, s.recordText = "", ""
	return true
}

// unwrapRest takes the lines of which the last piece has not come.
func (s *dumpScanner) unwrapRest() {
	for _, l := range s.unwrap.Rest() {
		s.unwrapped([]byte(l.Text))
	}
}
