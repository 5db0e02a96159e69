//go:build linux && (amd64 || arm64) && cgo

package regress

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// A report of a library that was stripped has, once it is resolved with the library as
// it was before, what it would have had with it.
func TestResolve(t *testing.T) {
	t.Parallel()
	victim.NeedTools(t, "cc", "strip")
	dir := t.TempDir()
	path, full := filepath.Join(dir, "plugin.so"), filepath.Join(dir, "full", "plugin.so")
	if err := os.Mkdir(filepath.Dir(full), 0o700); err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) {
		if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	run("cc", "-g", "-O1", "-shared", "-fPIC", "-Wl,--build-id", "-o", full, "plugin/plugin.c")
	crash := func() *report.Report {
		o := program.Run(t, "reload times=2 cache=off library="+path)
		o.DiedOf(t, syscall.SIGSEGV)
		return victim.Complete(t, o.Stderr)
	}
	run("cp", full, path)
	whole := crash()
	want := whole.Current().Frames[:2]
	run("strip", "--strip-all", path)
	r := crash()
	if f := r.Current().Frames[0]; f.Kind != report.BinaryFrame || f.Func != "" {
		t.Fatalf("stripped: %+v", f)
	}
	if err := report.Resolve(r, filepath.Dir(full)); err != nil {
		t.Log(err) // there are others, of which nothing more is known
	}
	for i, f := range r.Current().Frames[:2] {
		f.PC = want[i].PC // the library is loaded at another place
		if f != want[i] || f.Kind != report.SourceFrame {
			t.Errorf("%+v, want %+v", f, want[i])
		}
	}
	if r.Sentence != whole.Sentence || r.End.Sentence != whole.Sentence || whole.Sentence == "" {
		t.Errorf("it says %q and, at the end, %q, want %q", r.Sentence, r.End.Sentence, whole.Sentence)
	}
	for _, a := range r.Addresses {
		if strings.HasSuffix(a.Frame.Module, "/plugin.so") && a.Frame.Func == "" {
			t.Errorf("%s points to %+v", a.Place, a.Frame)
		}
	}
	again, err := report.Parse([]byte(r.String()))
	if err != nil {
		t.Fatal(err)
	}
	if again.String() != r.String() {
		t.Errorf("printed and read again:\n%s\nwant\n%s", again, r)
	}
}
