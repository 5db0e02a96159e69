package report

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Strings from outside stand in a report as printable ASCII; other code points
// are \uNNNN or \UNNNNNNNN, and bytes that are no text are \xNN.
//
// Turning all of that back into bytes would lose the identity of parsing and
// printing (\xc3\xa9 and \u00e9 give the same bytes), would put terminal
// control sequences into values that get printed, and would give strings that
// JSON cannot hold. So only what is text becomes text: a code point that can be
// printed, and \x22, which is a quote within quotes. Every other escape stays
// as it is; Unescape gives the exact bytes to those who need them.

const hexDigits = "0123456789abcdef"

// decode turns escaped text into a value. In quoted text \x22 is a quote.
func decode(s string, quoted bool) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	var b strings.Builder
	for ; i >= 0; i = strings.IndexByte(s, '\\') {
		b.WriteString(s[:i])
		s = s[i:]
		if quoted && strings.HasPrefix(s, `\x22`) {
			b.WriteByte('"')
			s = s[4:]
		} else if r, n := codePoint(s); n > 0 && r >= utf8.RuneSelf && unicode.IsPrint(r) {
			b.WriteRune(r)
			s = s[n:]
		} else {
			b.WriteByte('\\')
			s = s[1:]
		}
	}
	b.WriteString(s)
	return b.String()
}

// codePoint reads \uNNNN or \UNNNNNNNN at the start of s; n is its length, or 0.
func codePoint(s string) (r rune, n int) {
	switch {
	case len(s) >= 6 && s[1] == 'u':
		n = 6
	case len(s) >= 10 && s[1] == 'U':
		n = 10
	default:
		return 0, 0
	}
	v, err := strconv.ParseUint(s[2:n], 16, 32)
	if err != nil || v > unicode.MaxRune || !utf8.ValidRune(rune(v)) || n == 10 && v < 0x10000 {
		return 0, 0
	}
	return rune(v), n
}

// appendText is the reverse of decode for text without quotes around it. It
// also escapes what no report holds, so that a value made by hand cannot break
// the lines.
func appendText(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if ' ' <= c && c <= '~' {
			b = append(b, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case c < utf8.RuneSelf || r == utf8.RuneError && n == 1:
			b = append(b, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
		case r < 0x10000:
			b = appendHex(append(b, `\u`...), uint64(r), 4)
		default:
			b = appendHex(append(b, `\U`...), uint64(r), 8)
		}
		i += n
	}
	return b
}

// appendQuoted is the reverse of decode for text in quotes, with the quotes.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return append(appendText(b, s), '"')
		}
		b = append(appendText(b, s[:i]), `\x22`...)
		s = s[i+1:]
	}
}

func appendHex(b []byte, v uint64, digits int) []byte {
	for i := 4 * (digits - 1); i >= 0; i -= 4 {
		b = append(b, hexDigits[v>>i&15])
	}
	return b
}

// Unescape returns the exact bytes of a name or a path of a report: in a parsed
// value, bytes that are not text still stand as \xNN (see the package comment).
// What is printed to a terminal should rather be the value itself.
func Unescape(s string) string {
	var b strings.Builder
	for i := strings.IndexByte(s, '\\'); i >= 0; i = strings.IndexByte(s, '\\') {
		b.WriteString(s[:i])
		s = s[i:]
		if c, ok := escapedByte(s); ok {
			b.WriteByte(c)
			s = s[4:]
		} else if r, n := codePoint(s); n > 0 {
			b.WriteRune(r)
			s = s[n:]
		} else {
			b.WriteByte('\\')
			s = s[1:]
		}
	}
	b.WriteString(s)
	return b.String()
}

// escapedByte reads \xNN at the start of s.
func escapedByte(s string) (byte, bool) {
	if len(s) < 4 || s[1] != 'x' {
		return 0, false
	}
	v, err := strconv.ParseUint(s[2:4], 16, 8)
	return byte(v), err == nil
}

// RawText is a line that was not understood: any bytes but the end of a line.
// In JSON a backslash is \x5c and a byte that is not UTF-8 is \xNN, so that
// nothing is lost there either.
type RawText string

func (t RawText) MarshalText() ([]byte, error) {
	var b []byte
	for i := 0; i < len(t); {
		r, n := utf8.DecodeRuneInString(string(t[i:min(len(t), i+utf8.UTFMax)]))
		if t[i] == '\\' || r == utf8.RuneError && n == 1 {
			b = append(b, '\\', 'x', hexDigits[t[i]>>4], hexDigits[t[i]&15])
		} else {
			b = append(b, t[i:i+n]...)
		}
		i += n
	}
	return b, nil
}

func (t *RawText) UnmarshalText(text []byte) error {
	var b strings.Builder
	for s := string(text); s != ""; {
		if s[0] == '\\' {
			if c, ok := escapedByte(s); ok {
				b.WriteByte(c)
				s = s[4:]
				continue
			}
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	*t = RawText(b.String())
	return nil
}
