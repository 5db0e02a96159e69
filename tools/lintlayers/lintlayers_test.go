package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/tools/internal/csource"
)

// A change is made to one file of testdata/house: old becomes new, or new comes
// behind everything when old is empty.
type change struct{ file, old, new string }

// house copies testdata/house, with changes.
func house(t *testing.T, changes ...change) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/house")); err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		path := filepath.Join(dir, c.file)
		source, err := os.ReadFile(path)
		if err != nil && (c.old != "" || !os.IsNotExist(err)) {
			t.Fatal(err)
		}
		text := string(source) + c.new
		if c.old != "" {
			if !strings.Contains(string(source), c.old) {
				t.Fatalf("%s has no %q", c.file, c.old)
			}
			text = strings.ReplaceAll(string(source), c.old, c.new)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// lint gives the findings and warnings over a house, a string each.
func lint(t *testing.T, dir string) (findings, warnings []string) {
	t.Helper()
	f, w, err := run(filepath.Join(dir, "native"), filepath.Join(dir, "exceptions.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range f {
		findings = append(findings, strings.TrimPrefix(f.String(), dir+"/"))
	}
	for _, w := range w {
		warnings = append(warnings, strings.TrimPrefix(w.String(), dir+"/"))
	}
	return findings, warnings
}

// Each rule finds what breaks it, where it is, and nothing else.
func TestRules(t *testing.T) {
	const middle, top, ground = "native/middle/middle.c", "native/top/top.c", "native/ground/ground.c"
	for _, test := range []struct {
		name    string
		changes []change
		want    []string // beginnings of findings, in order
	}{
		{"nothing", nil, nil},

		{
			"the table leaves out a folder",
			[]change{{"native/doc.go", "//\tmiddle  some           what some need\n", ""}},
			[]string{"native/middle:1: floors: the table in"},
		},
		{
			"the table names a folder that is not there",
			[]change{{"native/doc.go", "//\ttop ", "//\troof    none           rain\n//\ttop "}},
			[]string{"native/doc.go:6: floors: the table names roof, which is no folder"},
		},
		{
			"the table is wrong about what may run after a fault",
			[]change{{"native/doc.go", "middle  some", "middle  all "}},
			[]string{"native/doc.go:5: floors: the table says that all of the functions of middle may run after a fault; it is some"},
		},
		{
			"the table has another order",
			[]change{{"native/doc.go", "ground  all            what everybody needs\n//\tmiddle  some           what some need", "middle  some           what some need\n//\tground  all            what everybody needs"}},
			[]string{"native/middle/doc.go:1: include: middle imports ground, which does not stand below it"},
		},
		{
			"C outside of the folders",
			[]change{{"native/loose.c", "", "int loose;\n"}},
			[]string{"native/loose.c:1: floors: a C file stands in a floor's folder"},
		},

		{
			"an include of a folder that is not imported",
			[]change{{ground, "#include \"ground.h\"", "#include \"ground.h\"\n#include \"../middle/middle.h\""}},
			[]string{
				`native/ground/doc.go:1: nameplate: its files reach headers of middle, which is not imported`,
				`native/ground/ground.c:2: include: "../middle/middle.h": ground/doc.go does not import middle`,
			},
		},
		{
			"an include by another path",
			[]change{{middle, `"middle.h"`, `"../../native/middle/middle.h"`}},
			[]string{`native/middle/middle.c:3: include: "../../native/middle/middle.h": there is no folder ..`},
		},
		{
			"an include of the own folder by its path",
			[]change{{middle, `"middle.h"`, `"../middle/middle.h"`}},
			[]string{`native/middle/middle.c:3: include: "../middle/middle.h": a header of the own folder, by a path`},
		},

		{
			"an import is missing",
			[]change{{"native/top/doc.go", "\t_ \"example.com/house/native/ground\"\n", ""}},
			[]string{"native/top/doc.go:1: nameplate: its files reach headers of ground, which is not imported"},
		},
		{
			"an import is of no use",
			[]change{
				{"native/top/top.h", `#include "../middle/middle.h"`, ""},
				{top, "return epi_middle_more();", "return 0;"},
				{"cgo/cgo.go", "native/middle", "native/ground"},
			},
			[]string{
				"native/top/doc.go:1: nameplate: imports ground, whose headers nothing reaches",
				"native/top/doc.go:1: nameplate: imports middle, whose headers nothing reaches",
			},
		},
		{
			"other flags",
			[]change{{"native/middle/doc.go", "-DSPECIAL", "-DSPECIAL=2"}},
			[]string{"native/middle/doc.go:1: nameplate: the lines of CFLAGS are not those of ground"},
		},
		{
			"headers are not embedded",
			[]change{{"native/middle/doc.go", "//go:embed *.h", "//go:embed *.c"}},
			[]string{"native/middle/doc.go:1: nameplate: no go:embed *.h"},
		},
		{
			"the binding does not import all that it reads",
			[]change{{"cgo/cgo.go", "\t_ \"example.com/house/native/ground\"\n", ""}},
			[]string{"cgo:1: nameplate: reads headers of ground, which it does not import"},
		},

		{
			"a declaration by hand of what stands above",
			[]change{{ground, "", "int epi_top(void);\nint epi_up(void);\nint epi_up(void)\n{\n    return epi_top();\n}\n"}},
			[]string{
				"native/ground/ground.c:1: symbol: the object needs epi_top of top/top.c, which ground/doc.go does not import",
				"native/ground/ground.c:14: header: epi_top is declared by hand",
			},
		},
		{
			"a symbol that nobody defines",
			[]change{{top, "", "int epi_gone(void);\nint epi_up(void);\nint epi_up(void)\n{\n    return epi_gone();\n}\n"}},
			[]string{"native/top/top.c:1: symbol: the object needs epi_gone, which nobody defines"},
		},

		{
			"a header declares what another file defines",
			[]change{{"native/middle/middle.h", ", middle_more.c and beside.c", " and middle_more.c"}},
			[]string{"native/middle/middle.h:10: header: epi_beside is defined in middle/beside.c"},
		},
		{
			"a header names a file by what the machines have in common",
			[]change{{"native/middle/middle.h", "beside.c", "be*e.c"}},
			nil,
		},
		{
			"a header declares a variable of another folder",
			[]change{{"native/top/top.h", "int epi_top", "extern struct epi_ground epi_ground;\nint epi_top"}},
			[]string{"native/top/top.h:7: header: epi_ground is defined in ground/ground.c"},
		},
		{
			"a header declares what is nowhere",
			[]change{{"native/top/top.h", "int epi_top", "int epi_nowhere(void);\nint epi_top"}},
			[]string{"native/top/top.h:7: header: epi_nowhere is defined nowhere"},
		},

		{"a global is assigned", []change{{middle, "epi_ground_raise(&epi_ground);", "epi_ground.level = 2;"}}, written(24)},
		{"a part of a global is assigned", []change{{middle, "epi_ground_raise(&epi_ground);", "epi_ground.count[1] <<= 2;"}}, written(24)},
		{"a global is counted up", []change{{middle, "epi_ground_raise(&epi_ground);", "epi_ground.level++;"}}, written(24)},
		{"a global is counted down", []change{{middle, "epi_ground_raise(&epi_ground);", "--epi_ground.level;"}}, written(24)},
		{"a global goes to a function that writes", []change{{middle, "epi_ground_raise(&", "epi_middle_writes(&"}}, handedOut(24)},
		{"a global goes to a pointer that writes", []change{{middle, "const struct epi_ground *ground = &", "struct epi_ground *ground = &"}}, handedOut(23)},
		{"a global goes out of a function", []change{{middle, "const int *counts", "int *counts"}}, handedOut(17)},
		{"a global is written atomically", []change{{middle, "atomic_load(&epi_ground.turn)", "atomic_fetch_add(&epi_ground.turn, 1)"}}, handedOut(26)},
		{
			"a macro writes a global",
			[]change{{middle, "#include \"middle.h\"", "#include \"middle.h\"\n#define RAISE() (epi_ground.level += 1)"}},
			written(4),
		},

		{
			"a circle of files by symbols",
			[]change{{"native/middle/beside.c", "return epi_ground_level();\n}", "int epi_middle_more(void);\n    return epi_middle_more();\n}"}},
			[]string{"native/middle:1: circle: a circle of files:\n\tbeside.c needs middle_more.c epi_middle_more\n\tmiddle_more.c needs beside.c epi_beside"},
		},
		{
			"a circle of files by an include",
			[]change{{"native/middle/beside.h", "", "/* Beside. */\n#include \"middle.h\"\n"}, {"native/middle/middle.h", "#include", "#include \"beside.h\"\n#include"}},
			[]string{"native/middle:1: circle: a circle of files:\n\tbeside.h needs middle.h\n\tmiddle.h needs beside.h"},
		},

		{
			"an exception",
			[]change{{middle, "epi_ground_raise(&epi_ground);", "epi_ground.level = 2;"}, {"exceptions.txt", "", "write middle/middle.c epi_ground # a reason\n"}},
			nil,
		},
		{
			"an exception that is no longer needed",
			[]change{{"exceptions.txt", "", "write middle/middle.c epi_ground\n"}},
			[]string{"exceptions.txt:2: exceptions: no longer needed: write middle/middle.c epi_ground"},
		},
		{
			"an exception of another rule",
			[]change{{middle, "epi_ground_raise(&epi_ground);", "epi_ground.level = 2;"}, {"exceptions.txt", "", "header middle/middle.c epi_ground\n"}},
			append([]string{"exceptions.txt:2: exceptions: no longer needed"}, written(24)...),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, _ := lint(t, house(t, test.changes...))
			if len(got) != len(test.want) {
				t.Fatalf("findings:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
			for i, want := range test.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("finding %q, want %q", got[i], want)
				}
			}
		})
	}
}

// Another machine's files are left out of everything but the rule for that.
func TestOtherMachine(t *testing.T) {
	other := "arm64"
	if csource.Machine == other {
		other = "amd64"
	}
	const asks = "#if 0 || \\\n    defined(__aarch64__)\n#endif\n"
	got, _ := lint(t, house(t,
		change{"native/ground/ground_" + other + ".c", "", "#include \"nowhere.h\"\nint epi_ground_twice;\n" + asks},
		change{"native/ground/arch_" + other + ".h", "", asks}))
	want := "native/ground/ground_" + other + ".c:4: machine: "
	if len(got) != 1 || !strings.HasPrefix(got[0], want) {
		t.Errorf("findings %q, want one that begins with %q", got, want)
	}
}

func written(line int) []string   { return ground(line, "is written here") }
func handedOut(line int) []string { return ground(line, "is handed out here by its address") }

func ground(line int, what string) []string {
	return []string{fmt.Sprintf("native/middle/middle.c:%d: write: epi_ground, of ground, %s", line, what)}
}

// What is long is a warning, unless a comment in the right place says why.
func TestLengths(t *testing.T) {
	const file = "native/ground/ground.c"
	long := "int long_one(void)\n{\n" + strings.Repeat("    epi_ground.level++;\n", 60) + "    return 0;\n}\n"
	lines := strings.Repeat("\n", 450)
	for _, test := range []struct {
		name   string
		change change
		want   string
	}{
		{"a function", change{file, "", long}, "native/ground/ground.c:14: length: long_one has 64 lines, more than 60"},
		{"a function with a reason above", change{file, "", "\n/* lint: long because it is\n * a list. */\n" + long}, ""},
		{"a function with a reason inside", change{file, "", strings.Replace(long, "{\n", "{\n    /* lint: long because it is a list. */\n", 1)}, ""},
		{"a function with another's reason", change{file, "", "/* lint: long because it is a list. */\nint a;\nint b;\nint c;\n" + long}, "native/ground/ground.c:18: length: long_one"},
		{"a file", change{file, "", lines}, "native/ground/ground.c:1: length: 463 lines, more than 450"},
		{"a file with a reason", change{file, "#include \"ground.h\"", "/* lint: long because it is a table. */\n#include \"ground.h\"" + lines}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, got := lint(t, house(t, test.change))
			if text := strings.Join(got, "\n"); test.want == "" && text != "" || !strings.HasPrefix(text, test.want) {
				t.Errorf("warnings %q, want %q", text, test.want)
			}
		})
	}
}

// Comments and blank lines do not count, code beside a comment does.
func TestCounts(t *testing.T) {
	dir := house(t, change{"native/ground/ground.c", "", "/* no\n\n   no */\nint a; /* yes */\n// no\n\n"})
	var out strings.Builder
	if err := printCounts(&out, filepath.Join(dir, "native")); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "    27 ground\n") {
		t.Errorf("counted\n%s", out.String())
	}
}

// What keeps the lint from looking is an error, not a pass.
func TestErrors(t *testing.T) {
	for _, test := range []change{
		{"native/doc.go", "//\t", "// "},
		{"native/ground/ground.c", "}", ""},
		{"native/ground/ground.c", "level++;", "gone++;"},
		{"native/ground/doc.go", "package ground", ""},
	} {
		dir := house(t, test)
		if _, _, err := run(filepath.Join(dir, "native"), filepath.Join(dir, "exceptions.txt")); err == nil {
			t.Errorf("%s with %q: no error", test.file, test.new)
		}
	}
}
