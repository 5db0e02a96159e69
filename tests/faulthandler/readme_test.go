//go:build linux && (amd64 || arm64) && cgo

package faulthandler

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every test that tests/README.md names for one of Python's cases, or faults, is
// there, and every case is in the table.
func TestCasesAreWrittenDown(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(readme), "\n## Python's cases\n")
	text, _, _ = strings.Cut(text, "\n## ")
	if rows := strings.Count(text, "\n| "); !found || rows < 49-3+11 {
		t.Fatalf("%d rows in the tables", rows)
	}
	names := regexp.MustCompile("`([./a-z]+)`: `(Test\\w+)`").FindAllStringSubmatch(text, -1)
	for _, name := range names {
		files, err := filepath.Glob(filepath.Join("..", name[1], "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		there := false
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			there = there || strings.Contains(string(source), "\nfunc "+name[2]+"(t *testing.T)")
		}
		if !there {
			t.Errorf("there is no %s in %s", name[2], name[1])
		}
	}
	if len(names) < 55 {
		t.Errorf("%d tests are named", len(names))
	}
}
