package report

import (
	"os"
	"strings"
	"testing"
)

// TestListsOfTheCore: the core writes the sentence by the rules of this package, and has
// its lists of names in C.
func TestListsOfTheCore(t *testing.T) {
	for _, c := range []struct {
		file, first string
		want        map[string]bool // nil: has knows the words
		has         func(string) bool
	}{
		{"names.c", " memcpy ", libcNames, nil},
		{"origin.c", " archive ", goStandard, nil},
		{"origin.c", " crypto/internal/fips140/aes ", goAssembly, nil},
		{"origin.c", " handler ", wordSet(strings.Join(epitaphPackages, " ")), nil},
		{"origin.c", " _start ", nil, isPlumbing},
		{"origin.c", " raise ", nil, isFailure},
		{"origin.c", " start_with_stack ", nil, isEpitaphC},
	} {
		source, err := os.ReadFile("../native/report/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		_, list, found := strings.Cut(string(source), `"`+c.first)
		if !found {
			t.Fatalf("%s: no list that begins with%s", c.file, c.first)
		}
		end := strings.IndexAny(list, ";,")
		got := wordSet(c.first + strings.ReplaceAll(list[:end], `"`, " "))
		for word := range got {
			if c.want != nil && !c.want[word] || c.has != nil && !c.has(word) {
				t.Errorf("%s:%s...: %s is not in the list here", c.file, c.first, word)
			}
		}
		for word := range c.want {
			if !got[word] {
				t.Errorf("%s:%s...: %s is missing", c.file, c.first, word)
			}
		}
	}
}
