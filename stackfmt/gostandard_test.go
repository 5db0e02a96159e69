package stackfmt_test

import (
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// TestStandardPackages: what the standard library has is known, but for what a later Go
// may add, and what only begins like it is not taken for it.
func TestStandardPackages(t *testing.T) {
	out, err := exec.Command("go", "list", "std").Output()
	if err != nil {
		t.Skip("no go command: ", err)
	}
	known, missing := 0, []string{}
	for path := range strings.FieldsSeq(string(out)) {
		switch parts := strings.Split(path, "/"); {
		case parts[0] == "vendor" || strings.Contains("/"+path+"/", "/internal/"):
			if stackfmt.IsStandard(path) {
				t.Errorf("%s cannot be imported", path)
			}
		case stackfmt.IsStandard(path):
			known++
		default:
			missing = append(missing, path)
		}
	}
	if known < 150 || len(missing) > known/10 {
		t.Errorf("%d packages are known, %q are missing", known, missing)
	}
	for _, path := range []string{"", "main", "text", "text/hooks", "log/custom", "net/foo", "golang.org/x/text", "C"} {
		if stackfmt.IsStandard(path) {
			t.Errorf("%q is none of the standard library's", path)
		}
	}
}

// TestCaretBesideModuleWithoutDot: a function of a module whose path begins like the
// standard library's may be a variable, and can have led anywhere.
func TestCaretBesideModuleWithoutDot(t *testing.T) {
	for path, want := range map[string]string{
		"text/hooks":         "-", // hooks.Run may hold parse
		"text/template":      "parse(2)",
		"example.com/hooks":  "-",
		"encoding/json":      "parse(2)",
		"encoding/templates": "-",
	} {
		name := path[strings.LastIndexByte(path, '/')+1:]
		files := fstest.MapFS{"main.go": {Data: []byte("package main\n\nimport \"" + path + "\"\n\n" +
			"func run() int { return " + name + ".Run(1) + parse(2) }\n\nfunc parse(n int) int { panic(n) }\n")}}
		s := stackfmt.Stack{
			{File: "main.go", Line: 5, Func: "main.run"},
			{File: "main.go", Line: 7, Func: "main.parse"},
		}
		src := stackfmt.WithSource(stackfmt.NewSource(stackfmt.WithFS(files)))
		if got, _, _ := strings.Cut(caretsOf(s, 2, src), " | "); got != want {
			t.Errorf("%s: %s is marked, want %s", path, got, want)
		}
	}
}
