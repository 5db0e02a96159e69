package stackfmt

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/epitaph-go/epitaph/internal/nfkc"
)

// The costs of Python's weighted edit distance and the bounds of its search.
const (
	moveCost          = 2 // to add, to remove or to replace a character
	caseCost          = 1 // to replace it by the same letter in the other case
	maxSuggestNames   = 750
	maxSuggestNameLen = 40
)

// Suggest returns the one of names that was probably meant by wrong, an unknown field,
// flag or key. A name is suggested if at most a third of the letters differ, never if
// it equals wrong; of several the first of the nearest. Names that start with an
// underscore are only suggested for such names. Of 750 names or more none is.
//
// If wrong is not in Unicode's form NFKC, as 'attr𝔹', what it is in that form is
// suggested if there is such a name, and compared with the names otherwise. The names
// are taken as they are.
//
// Suggest answers to the suggestions that Python's TracebackException adds to
// AttributeError and NameError, and measures as CPython 3.15 does: bytes of UTF-8.
func Suggest(wrong string, names []string) (string, bool) {
	if normal := nfkc.String(wrong); normal != wrong {
		if wrong = normal; slices.Contains(names, wrong) {
			return wrong, true
		}
	}
	if wrong == "" || len(names) >= maxSuggestNames {
		return "", false
	}
	best, bestCost, found := "", 0, false
	for _, name := range names {
		if name == wrong || strings.HasPrefix(name, "_") && !strings.HasPrefix(wrong, "_") {
			continue
		}
		limit := (len(name) + len(wrong) + 3) * moveCost / 6
		if found {
			limit = min(limit, bestCost-1)
		}
		if cost := editDistance(wrong, name, limit); cost <= limit {
			best, bestCost, found = name, cost, true
		}
	}
	return best, found
}

// DidYouMean returns what [Suggest] finds as a question, to be added to a message or
// with [AddNote]: "Did you mean: 'timeout'?". It returns "" if nothing is found. As in
// CPython 3.15 a name that is not ASCII is followed by its escapes, because it can look
// like the wrong one: "Did you mean: 'größe' ('gr\xf6\xdfe')?".
func DidYouMean(wrong string, names []string) string {
	name, ok := Suggest(wrong, names)
	if !ok {
		return ""
	}
	escaped := asciiForm(name)
	if escaped == name {
		return "Did you mean: '" + name + "'?"
	}
	return "Did you mean: '" + name + "' ('" + escaped + "')?"
}

// asciiForm escapes what is not ASCII as Python's ascii does, and, as nothing is an
// identifier with them, leaves quotes and controls as they are.
func asciiForm(s string) string {
	var b []byte
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"), 0x80 <= r && r < 0x100:
			if r == utf8.RuneError {
				r = rune(s[i])
			}
			b = fmt.Appendf(b, `\x%02x`, r)
		case r < 0x80:
			b = append(b, byte(r))
		case r < 0x10000:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = fmt.Appendf(b, `\U%08x`, r)
		}
	}
	return string(b)
}

// editDistance is the cost of turning a into b, or any number above limit if it
// costs more than that. Like CPython it compares bytes.
func editDistance(a, b string, limit int) int {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a) == 0 || len(b) == 0 {
		return moveCost * (len(a) + len(b))
	}
	if len(a) > maxSuggestNameLen || len(b) > maxSuggestNameLen {
		return limit + 1
	}
	if len(b) < len(a) {
		a, b = b, a
	}
	if (len(b)-len(a))*moveCost > limit {
		return limit + 1
	}
	// One row of the matrix, which starts with the costs of a's prefixes.
	var room [maxSuggestNameLen]int
	row := room[:len(a)]
	for i := range row {
		row[i] = (i + 1) * moveCost
	}
	result := 0
	for bi := range len(b) {
		diagonal := bi * moveCost
		result = diagonal + moveCost
		least := limit + 1
		for ai := range len(a) {
			replace := diagonal + replaceCost(a[ai], b[bi])
			diagonal = row[ai]
			result = min(replace, min(result, diagonal)+moveCost)
			row[ai] = result
			least = min(least, result)
		}
		if least > limit {
			return limit + 1
		}
	}
	return result
}

func replaceCost(a, b byte) int {
	switch {
	case a == b:
		return 0
	case a|0x20 == b|0x20 && 'a' <= a|0x20 && a|0x20 <= 'z':
		return caseCost
	}
	return moveCost
}
