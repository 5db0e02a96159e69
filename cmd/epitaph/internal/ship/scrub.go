package ship

import (
	"fmt"
	"strings"
)

// scrubber takes out of texts what says how a machine's memory and file system are laid
// out: addresses, and the beginnings of paths. One address is replaced by the same word
// everywhere, so that it can still be seen which are equal. The words are no addresses of
// any processor, 0xadd0000000000001 and so on, and have the form of one: the text remains
// a report that can be parsed.
//
// Names of hosts and what the program has said itself (messages, lines of standard
// error, annotations, breadcrumbs) stay, but for the addresses and paths in them.
type scrubber struct{ words map[string]string }

func newScrubber() *scrubber { return &scrubber{map[string]string{}} }

// text returns a text without them, in one pass: a report has hundreds of addresses.
func (s *scrubber) text(t string) string {
	var b strings.Builder
	b.Grow(len(t))
	kept := 0 // up to here t is in b
	for i := 0; i < len(t); i++ {
		var end int
		var word string
		switch t[i] {
		case '0':
			if end = addressAt(t, i); end > i {
				word = s.address(t[i:end])
			}
		case '/':
			if end = pathAt(t, i); end > i {
				word = shorten(t[i:end])
			}
		}
		if end <= i {
			continue
		}
		b.WriteString(t[kept:i])
		b.WriteString(word)
		kept, i = end, end-1
	}
	b.WriteString(t[kept:])
	return b.String()
}

// addressAt returns where the address that begins at i ends, i if there is none. It has
// 16 digits, as everywhere in a report, or those that count, as in a cause; offsets have
// no more than eight.
func addressAt(t string, i int) int {
	if !strings.HasPrefix(t[i:], "0x") || i > 0 && isWordByte(t[i-1]) {
		return i
	}
	end := i + 2
	for end < len(t) && strings.IndexByte("0123456789abcdef", t[end]) >= 0 {
		end++
	}
	if n := end - i - 2; n < 9 || n > 16 || end < len(t) && isWordByte(t[end]) {
		return i
	}
	return end
}

// pathAt returns where the absolute path that begins at i ends, i if there is none. A
// slash after something else is in the middle of a name: example.com/a/b.
func pathAt(t string, i int) int {
	before := t[:i]
	if before != "" && strings.IndexByte(" \t\n\"(=[,:", before[i-1]) < 0 && !strings.HasSuffix(before, `\x22`) {
		return i
	}
	if strings.HasSuffix(before, `ile "`) { // File "…" and Binary file "…" may have blanks
		if n := strings.IndexAny(t[i:], "\"\n"); n > 0 {
			return i + n
		}
	}
	if n := strings.IndexAny(t[i:], " \t\n\"'(),;:[]"); n >= 0 {
		return i + n
	}
	return len(t)
}

func isWordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// firstPage is where NULL pointers lead; that an address is there is the cause of a crash.
const firstPage = "0x0000000000000"

func (s *scrubber) address(a string) string {
	if strings.HasPrefix(a, firstPage) {
		return a
	}
	// One address may be written with its leading zeroes and without.
	key := strings.TrimLeft(a[2:], "0")
	word, has := s.words[key]
	if !has {
		word = fmt.Sprintf("0xadd0%012x", len(s.words)+1)
		s.words[key] = word
	}
	return word
}

// keptElements is how many elements of a path stay, from its end.
const keptElements = 2

// shorten leaves the last elements of a path that has more.
func shorten(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) <= keptElements+1 {
		return path
	}
	return ".../" + strings.Join(parts[len(parts)-keptElements:], "/")
}
