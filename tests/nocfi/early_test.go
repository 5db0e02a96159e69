//go:build linux && (amd64 || arm64) && cgo

package nocfi

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// heavy is a copy of the victim with as much DWARF as a large C++ program has: its units are
// there many times. It has the same build-id, and runs the same.
func heavy(t *testing.T) string {
	t.Helper()
	const size = 64 << 20
	dir := t.TempDir()
	plainDWARF, units, all := filepath.Join(dir, "plain"), filepath.Join(dir, "info"), filepath.Join(dir, "all")
	victim.NeedTools(t, "objcopy")
	objcopy := func(args ...string) {
		if out, err := exec.Command("objcopy", args...).CombinedOutput(); err != nil {
			t.Fatalf("objcopy %v: %v\n%s", args, err, out)
		}
	}
	objcopy("--decompress-debug-sections", "--dump-section", ".debug_info="+units, plain.Path(t), plainDWARF)
	info, err := os.ReadFile(units)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(all, bytes.Repeat(info, size/len(info)), 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "heavy")
	objcopy("--update-section", ".debug_info="+all, plainDWARF, program)
	return program
}

// TestCrashBeforeTheIndex crashes right after Enable, when the lines of a large program are
// half a second of work away: the report does not wait for them, and has the names of functions that
// only the file's symbol table has.
func TestCrashBeforeTheIndex(t *testing.T) {
	program := heavy(t)
	for range 3 {
		o := victim.Run(t, program, []string{"null", "early=1"}, victim.Limit(limit))
		o.DiedOf(t, syscall.SIGSEGV)
		r := victim.Complete(t, o.Stderr)
		want := append([]string{"nocfi_null"}, below...)
		frames := r.Current().Frames
		if got := cNames(frames); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%q, want %q\n%s", got, want, o.Stderr)
		}
		if frames[0].Kind != report.BinaryFrame || frames[0].Line != 0 {
			t.Errorf("the first frame has a line: the index was there\n%s", o.Stderr)
		}
		if symbols := r.Modules[0].Symbols; symbols != "lines: not yet" {
			t.Errorf("the executable's line says %q\n%s", symbols, o.Stderr)
		}
		t.Logf("the report took %v", r.End.Duration)
	}
}
