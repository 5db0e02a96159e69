package stackfmt_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTrickyPrograms: no false caret in programs that were written to get one: function
// values that a method assigns to, deferred builtins, intrinsics, map literals whose key
// cannot be hashed, iterators, method values, a panic that is thrown again. Each caret is
// asked for three times: of the live stack, of an error's, and of a dump.
func TestTrickyPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	names, err := filepath.Glob("testdata/tricky/*.go.txt")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	files := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(filepath.Base(name), ".txt")] = string(text)
	}
	if frames, right := tally(t, runGenerated(t, files)); frames < 900 || right < 200 {
		t.Errorf("%d frames, %d of them with a caret", frames, right)
	}
}
