package gort_test

import (
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// What a healthy core needs does not depend on what breaks more often: this package
// imports nothing of this module.
func TestImportsNoneOfTheOthers(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			if strings.Contains(spec.Path.Value, "github.com/epitaph-go/epitaph") {
				t.Errorf("%s imports %s", name, spec.Path.Value)
			}
		}
	}
	if files == 0 {
		t.Error("no files were looked at")
	}
}
