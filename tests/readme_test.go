//go:build linux && (amd64 || arm64) && cgo

package tests

import (
	"os"
	"strings"
	"testing"
)

// TestExceptionsAreWrittenDown compares README.md with the table: each exception with its reason, and no other.
func TestExceptionsAreWrittenDown(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, found := strings.Cut(string(text), "\n## Exceptions\n")
	if !found {
		t.Fatal("README.md has no exceptions")
	}
	for _, e := range exceptions {
		if !strings.Contains(list, "\n"+e.line()+"\n") {
			t.Errorf("README.md lacks\n%s", e.line())
		}
	}
	if lines := strings.Count(list, "\n* "); lines != len(exceptions) {
		t.Errorf("README.md has %d exceptions, the table %d", lines, len(exceptions))
	}
}

// line is how README.md has it.
func (e *exception) line() string {
	var where []string
	for _, part := range []struct{ what, list string }{{"traits", e.traits}, {"kinds", e.kinds}, {"places", e.places}, {"variants", e.variants}, {"machine", e.machine}} {
		if part.list != "" {
			where = append(where, part.what+" `"+strings.ReplaceAll(part.list, ",", "`, `")+"`")
		}
	}
	return "* " + strings.Join(where, "; ") + ": " + e.reason
}
