package stackfmt

import "bytes"

// A dump that was pasted into a text, or logged by a test, is indented as a whole. A
// goroutine's header tells its own indentation; what stands before the goroutines needs
// a line that a dump's first line can have behind it, as blanks alone are no sign of one.

// reasons are what the line before the goroutines can begin with, and behindReason what
// the line behind that one can.
var (
	reasons = [][]byte{
		[]byte("panic: "), []byte("fatal error: "), []byte("SIG"), []byte("runtime: "), []byte("Exception 0x"),
		[]byte("unexpected fault address 0x"),
	}
	behindReason = append([][]byte{[]byte("\t"), []byte("goroutine "), []byte("runtime stack:"), []byte("[signal "), []byte("PC="),
		[]byte("running tests:")}, reasons...)
)

func hasAnyPrefix(b []byte, prefixes [][]byte) bool {
	for _, p := range prefixes {
		if bytes.HasPrefix(b, p) {
			return true
		}
	}
	return false
}

// indentedReason returns how far a line is indented that may be the first of a dump, 0 if
// it is none.
func (s *dumpScanner) indentedReason(b []byte) int {
	if b[0] != ' ' && b[0] != '\t' || s.g != nil || s.panic != nil || s.sig != nil || len(s.margin) > 0 {
		return 0
	}
	rest := bytes.TrimLeft(b, " \t")
	if !hasAnyPrefix(rest, reasons) {
		return 0
	}
	return len(b) - len(rest)
}

// marginOf returns the indentation of the dump whose first line has prefix before it and
// next behind it, nil if there is none.
func marginOf(prefix, next []byte) []byte {
	margin := prefix
	if t := bytes.TrimSuffix(prefix, []byte(": ")); len(bytes.TrimSpace(prefix)) > 0 {
		// A test's log: "    x_test.go:5: panic: boom", the other lines indented.
		number := len(t)
		for number > 0 && isDigit(t[number-1]) {
			number--
		}
		if number == len(t) || len(t) == len(prefix) || !bytes.HasSuffix(t[:number], []byte(".go:")) {
			return nil
		}
		margin = next[:len(next)-len(bytes.TrimLeft(next, " "))]
	}
	rest, ok := bytes.CutPrefix(next, margin)
	if len(margin) == 0 || !ok && len(bytes.TrimSpace(next)) > 0 {
		return nil
	}
	if len(bytes.TrimSpace(rest)) > 0 && !hasAnyPrefix(rest, behindReason) {
		return nil
	}
	return margin
}

// withoutMargin takes off the indentation of the dump, which ends at a line without it.
func (s *dumpScanner) withoutMargin(b []byte) []byte {
	if rest, ok := bytes.CutPrefix(b, s.margin); ok {
		return rest
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return nil
	}
	s.margin = s.margin[:0]
	return b
}
