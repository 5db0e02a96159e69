//go:build linux && cgo

package crashtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// A golden file holds in each of these builds, of the same sources in another directory; in
// that of another compiler, too, since all functions of C there are its own in any build.
func TestBuilds(t *testing.T) {
	if !victim.Full {
		t.Skip("with EPITAPH_MATRIX=full")
	}
	for name, args := range map[string][]string{
		"trimpath": {"-trimpath"}, "pie": {"-buildmode=pie"}, "race": {"-race"}, "atomic": {"-cover", "-covermode=atomic"}, "clang": nil,
	} {
		t.Run(name, func(t *testing.T) {
			if name == "clang" {
				victim.NeedTools(t, name)
				t.Setenv("CC", name)
			}
			dir := copyModule(t)
			path := filepath.Join(dir, "dec.test")
			goCommand(t, dir, append(append([]string{"test", "-c", "-o", path}, args...), ".")...)
			passes(t, victim.Run(t, path, nil, in(dir), victim.Limit(2*time.Minute)))
			if name == "race" {
				o := victim.Run(t, path, []string{"-test.run=^TestFailRace$"}, in(dir), victim.Env("DEC_FAILS=1"))
				holds(t, o.Stdout, "exit 66, want ok", "WARNING: DATA RACE")
			}
		})
	}
}

// TestSanitizers: the signals are Epitaph's, and what a sanitizer finds ends by one.
func TestSanitizers(t *testing.T) {
	if !victim.Full {
		t.Skip("with EPITAPH_MATRIX=full")
	}
	for name, compiler := range map[string]string{"asan": "gcc", "msan": "clang"} {
		t.Run(name, func(t *testing.T) {
			victim.NeedTools(t, compiler)
			dir := copyModule(t)
			path := filepath.Join(dir, "dec.test")
			cmd := exec.Command("go", "test", "-c", "-"+name, "-o", path, ".")
			cmd.Dir = dir
			cmd.Env = append(cmd.Environ(), "CC="+compiler)
			if out, err := cmd.CombinedOutput(); err != nil {
				if strings.Contains(string(out), "cannot find") || strings.Contains(string(out), "No such file") {
					t.Skipf("the library of %s is not installed:\n%s", name, out)
				}
				t.Fatalf("%v: %v\n%s", cmd, err, out)
			}
			passes(t, victim.Run(t, path, []string{"-test.run=^Test(Null|Assert|Panic|Return|Exit)$"}, in(dir), victim.Limit(2*time.Minute)))
			if name == "asan" {
				o := victim.Run(t, path, []string{"-test.run=^TestFailBehind$"}, in(dir), victim.Env("DEC_FAILS=1"), victim.Limit(2*time.Minute))
				holds(t, o.Stdout, "this one fits", "SIGABRT", "read_behind", "decode_frame", "dec.Decode")
			}
		})
	}
}

// TestCoverageOfC: gcc's counters of a child that a signal kills are written.
func TestCoverageOfC(t *testing.T) {
	if !victim.Full {
		t.Skip("with EPITAPH_MATRIX=full")
	}
	dir := copyModule(t)
	source := filepath.Join(dir, "dec.go")
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "// #cgo CFLAGS:", "// #cgo LDFLAGS: --coverage\n// #cgo CFLAGS: --coverage", 1)
	if err := os.WriteFile(source, []byte(changed), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CGO_CFLAGS_ALLOW", "--coverage")
	t.Setenv("CGO_LDFLAGS_ALLOW", "--coverage")
	path, data := filepath.Join(dir, "dec.test"), t.TempDir()
	goCommand(t, dir, "test", "-c", "-o", path, ".")
	passes(t, victim.Run(t, path, []string{"-test.run=^TestNull$"}, in(dir), victim.Env("GCOV_PREFIX="+data)))
	found := 0
	filepath.WalkDir(data, func(path string, _ os.DirEntry, _ error) error {
		if strings.HasSuffix(path, ".gcda") {
			found++
		}
		return nil
	})
	if found == 0 {
		t.Error("no .gcda file")
	}
}
