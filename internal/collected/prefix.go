package collected

import "strings"

// Prefix is what stands before each line. Runs of digits in it stand for any digits if
// they are part of a time, or everywhere if the prefix is loose.
type Prefix struct {
	form string
	// any marks the runs of digits that may differ, by the index of their first byte.
	any []bool
}

// NewPrefix returns the prefix with the form of text. In words that have letters, the
// digits are part of a name, "node-1" or "app[1234]", and tell one source of lines from
// another; loose is for counters, which are such words as well.
func NewPrefix(text string, loose bool) *Prefix {
	p := &Prefix{text, make([]bool, len(text))}
	for start := 0; start < len(text); {
		end := len(text)
		if n := strings.IndexAny(text[start:], " \t"); n >= 0 {
			end = start + n
		}
		varies := loose || isTime(text[start:end])
		for i := start; i < end; i++ {
			p.any[i] = varies && isDigit(text[i]) && (i == 0 || !isDigit(text[i-1]))
		}
		start = end + 1
	}
	return p
}

// isTime reports whether a word may be a date or a time of day: it has no letters but
// those of RFC 3339.
func isTime(word string) bool {
	for i := range len(word) {
		if c := word[i] | 0x20; 'a' <= c && c <= 'z' && c != 't' && c != 'z' {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// Length returns the length of the prefix of a line, -1 if it has none. Blanks at the
// end of the prefix may be missing on an empty line.
func (p *Prefix) Length(line string) int { return length(p, line) }

// LengthBytes is Length of a line of bytes.
func (p *Prefix) LengthBytes(line []byte) int { return length(p, line) }

// String returns the text that the prefix was made of.
func (p *Prefix) String() string { return p.form }

func length[T string | []byte](p *Prefix, line T) int {
	i, j := 0, 0
	for j < len(p.form) {
		if i == len(line) {
			if strings.Trim(p.form[j:], " \t") == "" {
				return i
			}
			return -1
		}
		var ok bool
		if i, j, ok = step(p, line, i, j); !ok {
			return -1
		}
	}
	return i
}

// step goes on by one byte, or by one run of digits, in the line and in the form.
func step[T string | []byte](p *Prefix, line T, i, j int) (nextI, nextJ int, ok bool) {
	if !p.any[j] {
		return i + 1, j + 1, p.form[j] == line[i]
	}
	if !isDigit(line[i]) {
		return i, j, false
	}
	for j < len(p.form) && isDigit(p.form[j]) {
		j++
	}
	for i < len(line) && isDigit(line[i]) {
		i++
	}
	return i, j, true
}

// maxPrefix is the longest prefix that is looked for, in bytes.
const maxPrefix = 1 << 10

// Common returns the longest beginning of what stands before the first line that the next
// line has too, with follows true of its rest; nil if there is none.
func Common(before, next string, loose bool, follows func(rest string) bool) *Prefix {
	p := NewPrefix(before[:min(len(before), maxPrefix)], loose)
	if n := p.Length(next); n >= 0 && follows(next[n:]) {
		return p
	}
	best, i, j := 0, 0, 0
	for i < len(next) && j < len(p.form) {
		var ok bool
		if i, j, ok = step(p, next, i, j); !ok {
			break
		}
		if follows(next[i:]) {
			best = j
		}
	}
	if best > 0 && i == len(next) && best == j { // whose last blanks were cut off
		best += len(p.form[best:]) - len(strings.TrimLeft(p.form[best:], " \t"))
	}
	if best == 0 {
		return nil
	}
	return &Prefix{p.form[:best], p.any[:best]}
}
