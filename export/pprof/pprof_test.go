package pprof_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/pprof/profile"

	"github.com/epitaph-go/epitaph/export/pprof"
	"github.com/epitaph-go/epitaph/report"
)

func read(t testing.TB, path string) *report.Report {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Skip(err) // the module alone has no reports
	}
	r, err := report.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestValid: pprof reads the profile of every report, which counts as many threads and
// goroutines as the report shows stacks of.
func TestValid(t *testing.T) {
	paths, _ := filepath.Glob("../../report/testdata/*.crash")
	for _, path := range paths {
		r := read(t, path)
		var b bytes.Buffer
		if err := pprof.Write(&b, r); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		p, err := profile.Parse(&b)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		var got, want [2]int64
		for _, s := range p.Sample {
			got[0] += s.Value[0]
			got[1] += s.Value[1]
		}
		for _, g := range r.GoroutineGroups {
			if hasCall(g.Frames) {
				want[0] += int64(g.Count)
			}
		}
		for _, th := range r.Threads {
			if hasCall(th.Frames) {
				want[1] += int64(th.Count)
			}
		}
		if want == [2]int64{} && len(r.Calls()) > 0 {
			want[0] = 1 // the goroutine of Go's own report
		}
		if got != want {
			t.Errorf("%s: %d goroutines and threads, want %d", path, got, want)
		}
		if p.Comments[0] != r.Summary() {
			t.Errorf("%s: comment %q", path, p.Comments[0])
		}
	}
}

func hasCall(frames []report.Frame) bool {
	for _, f := range frames {
		if f.Func != "" && f.Kind != report.CreatedBy && f.Kind != report.SeenFromOutside || f.PC != 0 {
			return true
		}
	}
	return false
}

// TestInlined: calls that were inlined into a C function are lines of one location, in a
// mapping with the build-id.
func TestInlined(t *testing.T) {
	p, err := pprof.Profile(read(t, "../../report/testdata/real-cxx.crash"))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range p.Location {
		if l.Address != 0x7fde622a3f14 {
			continue
		}
		if len(l.Line) != 2 || l.Line[0].Function.Name != "__futex_abstimed_wait_common64" || l.Line[0].Line != 57 ||
			l.Line[1].Function.Name != "__futex_abstimed_wait_common" || l.Line[1].Line != 87 {
			t.Errorf("lines %+v", l.Line)
		}
		if l.Mapping == nil || !strings.HasSuffix(l.Mapping.File, "/libc.so.6") || len(l.Mapping.BuildID) != 40 {
			t.Errorf("in %+v", l.Mapping)
		}
		return
	}
	t.Error("there is no such location")
}

func TestLabels(t *testing.T) {
	p, err := pprof.Profile(read(t, "../../report/testdata/real-null.crash"))
	if err != nil {
		t.Fatal(err)
	}
	s := p.Sample[0]
	if s.NumLabel["tid"][0] != 17679 || s.Label["crashed"][0] != "yes" || s.Value[1] != 1 {
		t.Errorf("the thread that crashed: %+v", s)
	}
	last := p.Sample[len(p.Sample)-1]
	if last.NumLabel["goroutine"][0] != 1 || last.Label["state"][0] != "syscall" || last.Value[0] != 1 {
		t.Errorf("the goroutine: %+v", last)
	}
}

// TestTop: go tool pprof lists the functions, by goroutines and by threads.
func TestTop(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the go command")
	}
	path := filepath.Join(t.TempDir(), "p")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := pprof.Write(f, read(t, "../../report/testdata/real-null.crash")); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for index, want := range map[string]string{
		"goroutines": `(?m)^ +1 +100% +100% +1 +100% +main\._Cfunc_demo_outer$`,
		"threads":    `(?m)^ +1 +\S+ +\S+ +1 +\S+ +crash_null_write$`,
	} {
		cmd := exec.Command("go", "tool", "pprof", "-top", "-symbolize=none", "-sample_index="+index, path)
		cmd.Env = append(os.Environ(), "PPROF_TMPDIR="+t.TempDir())
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, &errs)
		}
		if !regexp.MustCompile(want).Match(out) {
			t.Errorf("by %s:\n%s", index, out)
		}
	}
}
