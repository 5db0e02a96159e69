//go:build linux && cgo

// Package crashtest_test runs the tests of a module that uses package crashtest, in testdata/dec,
// in all the ways in which tests are run, and looks at what comes out.
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

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		program()
		return
	}
	os.Setenv("GOWORK", "off") // the module in testdata is of none
	os.Exit(victim.Main(m))
}

// module is where the tests are that are tested.
var module = func() string {
	dir, err := filepath.Abs("testdata/dec")
	if err != nil {
		panic(err)
	}
	return dir
}()

// binary is one way to build the test binary.
func binary(args ...string) *victim.Program {
	return &victim.Program{Name: "dec.test", Compiler: []string{"go", "test", "-C", module, "-c"}, Build: append(args, "."), Limit: 5 * time.Minute}
}

var (
	plain    = binary()
	stripped = binary("-ldflags=-s -w") // as go test does
	covered  = binary("-cover", "-covermode=set")
)

// in runs a child in a directory.
func in(dir string) victim.Change { return func(c *victim.Child) { c.Cmd.Dir = dir } }

// tests runs a test binary, in its own module's directory.
func tests(t testing.TB, p *victim.Program, args []string, changes ...victim.Change) *victim.Outcome {
	t.Helper()
	return victim.Run(t, p.Path(t), args, append([]victim.Change{victim.Limit(2 * time.Minute), in(module)}, changes...)...)
}

// passes fails the test unless the tests that were run have passed; it returns their output.
func passes(t testing.TB, o *victim.Outcome) string {
	t.Helper()
	if !o.IsExit(0) || !strings.Contains(o.Stdout, "PASS") {
		text := o.String()
		if _, failed, found := strings.Cut(o.Stdout, "--- FAIL"); found {
			text = "--- FAIL" + failed[:min(len(failed), 5000)]
		}
		t.Errorf("want PASS: %s: %s", o.End(), text)
	}
	return o.Stdout
}

// fails runs a test that is to fail, alone, and returns what it says.
func fails(t *testing.T, p *victim.Program, test string, changes ...victim.Change) string {
	t.Helper()
	o := tests(t, p, []string{"-test.run=^" + test + "$"}, append(changes, victim.Env("DEC_FAILS=1"))...)
	if !o.IsExit(1) || !strings.Contains(o.Stdout, "--- FAIL: "+test) {
		t.Errorf("want a failure: %v", o)
	}
	return o.Stdout
}

// holds fails the test unless a text has all these parts, in this order.
func holds(t *testing.T, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		_, behind, found := strings.Cut(rest, part)
		if !found {
			t.Errorf("no %q in:\n%s", part, text)
			return
		}
		rest = behind
	}
}

// copyModule makes a copy of the module that a test may change.
func copyModule(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(module)); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	goCommand(t, dir, "mod", "edit", "-replace=github.com/epitaph-go/epitaph="+root)
	return dir
}

// goCommand runs a go command that must work.
func goCommand(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return string(out)
}
