package stackfmt

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// What an error says may come from anywhere, and a terminal obeys what it is sent:
// an escape sequence in a message can hide lines or change the title.

// ControlMode says what becomes of control characters in what is printed.
type ControlMode int

const (
	// ControlAuto escapes them in output to a terminal. It is the default.
	ControlAuto ControlMode = iota
	// ControlKeep prints them as they are.
	ControlKeep
	// ControlEscape escapes them everywhere.
	ControlEscape
)

// escapeControls escapes the control characters in dst[from:], but for tabs, the
// ends of lines and the sequences of the theme: \x1b, \u202e.
func escapeControls(dst []byte, from int, th *theme) []byte {
	if !hasControls(dst[from:]) {
		return dst
	}
	text := bytes.Clone(dst[from:])
	dst = dst[:from]
	for len(text) > 0 {
		if n := th.sequence(text); n > 0 {
			dst = append(dst, text[:n]...)
			text = text[n:]
			continue
		}
		r, n := utf8.DecodeRune(text)
		switch {
		case !isControl(r, n):
			dst = append(dst, text[:n]...)
		case r < 0x100 || n == 1:
			b := byte(r)
			if r == utf8.RuneError {
				b = text[0]
			}
			const digits = "0123456789abcdef"
			dst = append(dst, '\\', 'x', digits[b>>4], digits[b&15])
		default:
			dst = append(dst, '\\', 'u')
			dst = append(dst, strconv.FormatInt(int64(r)|1<<16, 16)[1:]...)
		}
		text = text[n:]
	}
	return dst
}

func hasControls(text []byte) bool {
	for i := 0; i < len(text); {
		if c := text[i]; c >= ' ' && c < 0x7f || c == '\n' || c == '\t' {
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		if isControl(r, n) {
			return true
		}
		i += n
	}
	return false
}

// isControl reports whether a terminal takes a character of n bytes for a command:
// C0, C1 (also as a single byte), and those that turn the direction of writing.
func isControl(r rune, n int) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r == utf8.RuneError && n == 1:
		return true
	}
	return r < ' ' || 0x7f <= r && r <= 0x9f || 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069
}

// sequence returns the length of the theme's escape sequence that text starts with.
func (th *theme) sequence(text []byte) int {
	if !th.colored || text[0] != '\x1b' {
		return 0
	}
	for _, s := range [...]string{th.Type, th.Message, th.Note, th.File, th.Line, th.Func, th.Highlight, th.Range, th.Reset} {
		if s != "" && bytes.HasPrefix(text, []byte(s)) {
			return len(s)
		}
	}
	return 0
}
