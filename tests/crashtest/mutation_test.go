//go:build linux && cgo

package crashtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// A bug of examples/ingest: the line of it, that line mended, when it does harm (always, if that
// is empty), the function that it is in, and the test that pins it down.
type bug struct{ line, mended, when, function, test string }

var bugs = []bug{
	{"p->plane[0] = *from;", "if (!p->plane) return -1;", "!p->plane", "copy_plane", "TestNoPlanes"},
	{"free(key); // bug 2", "(void)0; // bug 2", "", "drop_key", "TestEmptyKey"},
	{"assert(size <= MAX_SIZE);", "if (size > MAX_SIZE) return -1;", "size > MAX_SIZE", "check_size", "TestTooLarge"},
	{"int rows = (int)(p->size / p->width);", "int rows = p->width ? (int)(p->size / p->width) : -1;", "p->width == 0", "count_rows", "TestZeroWidth"},
	{"return parse_group(data, size) + header[0];", "return -1;", "", "parse_group", "TestEndlessGroup"},
}

// instead has something else done where the bug does harm.
func (b bug) instead(source, statement string) string {
	if b.when == "" {
		return strings.Replace(source, b.line, statement+" //", 1)
	}
	return strings.Replace(source, b.line, "if ("+b.when+") "+statement+" "+b.line, 1)
}

// mutations are what can become of a bug, and what its test says then: in this order, with
// the function's name for FUNCTION.
var mutations = map[string]struct {
	change func(source string, b bug) string
	want   []string
}{
	"fixed": {func(source string, b bug) string { return strings.Replace(source, b.line, b.mended, 1) },
		[]string{"the function returned, want SIG", `If the crash is fixed, write: Want("ok")`}},
	"moved": {func(source string, b bug) string {
		return strings.ReplaceAll(source, b.function+"(", "another_function(")
	},
		[]string{"as wanted, elsewhere than wanted", "- FUNCTION", " another_function"}},
	"another signal": {func(source string, b bug) string { return b.instead(source, "__builtin_trap();") },
		[]string{"SIGILL: ", ", want SIG", "FUNCTION"}},
	"hangs": {func(source string, b bug) string { return b.instead(source, "for (;;) calls++;") },
		[]string{"hung for ", ", want SIG", "it was in", "FUNCTION"}},
}

// TestMutations: whatever becomes of a bug, its test fails, no other one does, and says what.
func TestMutations(t *testing.T) {
	if !victim.Full {
		t.Skip("with EPITAPH_MATRIX=full")
	}
	example, err := filepath.Abs("../../examples/ingest")
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Dir(filepath.Dir(example))
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(example)); err != nil {
		t.Fatal(err)
	}
	goCommand(t, dir, "mod", "edit", "-replace=github.com/epitaph-go/epitaph="+root)
	file := filepath.Join(dir, "decode", "decode.c")
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range bugs {
		names = append(names, b.test)
	}
	run := func(t *testing.T, source string) string {
		if err := os.WriteFile(file, []byte(source), 0o666); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("go", "test", "-run=^("+strings.Join(names, "|")+")$", "./decode")
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput() // it is to fail
		return string(out)
	}
	if out := run(t, string(source)); !strings.HasPrefix(out, "ok") {
		t.Fatalf("without a mutation:\n%s", out)
	}
	for name, mutation := range mutations {
		for _, b := range bugs {
			t.Run(b.function+" "+name, func(t *testing.T) {
				mutant := mutation.change(string(source), b)
				if mutant == string(source) {
					t.Fatal("nothing is changed")
				}
				out := run(t, mutant)
				var failed []string
				for _, m := range regexp.MustCompile(`(?m)^--- FAIL: (\S+)`).FindAllStringSubmatch(out, -1) {
					failed = append(failed, m[1])
				}
				if !slices.Equal(failed, []string{b.test}) {
					t.Errorf("%q fail, want %s alone", failed, b.test)
				}
				var want []string
				for _, part := range mutation.want {
					want = append(want, strings.ReplaceAll(part, "FUNCTION", b.function))
				}
				holds(t, out, want...)
				t.Log(out)
			})
		}
	}
}
