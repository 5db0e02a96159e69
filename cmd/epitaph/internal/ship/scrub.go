package ship

import (
	"fmt"
	"regexp"
	"strings"
)

// scrubber takes out of texts what says how a machine's memory and file system are laid
// out: addresses, and the beginnings of paths. One address is replaced by the same word
// everywhere, so that it can still be seen which are equal. The words are no addresses of
// any processor, 0xadd0000000000001 and so on, and have the form of one: the text remains
// a report that can be parsed.
//
// Names of hosts and what the program has said itself (messages, annotations,
// breadcrumbs) stay, but for the addresses and paths in them.
type scrubber struct{ words map[string]string }

func newScrubber() *scrubber { return &scrubber{map[string]string{}} }

var (
	// anAddress has 16 digits, as everywhere in a report, or those that count, as in a
	// cause. Offsets have no more than eight digits.
	anAddress = regexp.MustCompile(`\b0x(?:[0-9a-f]{9,16})\b`)
	// aPath is in quotes, and may have blanks then, or stands alone, and needs something
	// before it by which it is not the middle of a name: example.com/a/b.
	quotedPath = regexp.MustCompile(`"(/[^"\n]*)"`)
	plainPath  = regexp.MustCompile(`(^|[\s(=\[,:])(/[^\s"'(),;:\[\]]+)`)
)

// keptElements is how many elements of a path stay, from its end.
const keptElements = 2

func (s *scrubber) text(t string) string {
	t = anAddress.ReplaceAllStringFunc(t, s.address)
	t = quotedPath.ReplaceAllStringFunc(t, func(m string) string { return `"` + shorten(m[1:len(m)-1]) + `"` })
	return plainPath.ReplaceAllStringFunc(t, func(m string) string {
		i := strings.IndexByte(m, '/')
		return m[:i] + shorten(m[i:])
	})
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

// shorten leaves the last elements of a path that has more.
func shorten(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) <= keptElements+1 {
		return path
	}
	return ".../" + strings.Join(parts[len(parts)-keptElements:], "/")
}
