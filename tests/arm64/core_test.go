//go:build linux && amd64

package arm64

import (
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
	"github.com/epitaph-go/epitaph/tests/arm64/job"
)

// coreJob begins the names of the jobs that leave a core file, and print it. Their crash follows.
const coreJob = "a core file of "

// coreCrashes are crashes of crashdemo's, as KIND -place PLACE: a leaf function; a call of nothing; libc's frames; signal
// frames; frames without a size that is known before.
var coreCrashes = []string{"null-write -place cgo", "call-null -place thread", "abort -place thread", "in-malloc -place cgo", "stack-overflow -place thread"}

// forCores is crashdemo with symbols, but without the debug information, by which gdb would show inlined calls as frames.
var forCores = crashdemo("symbols", "-ldflags=-w")

func (r *root) addCores() {
	dir := filepath.Join("..", "..", "tests")
	r.program(dir, forCores, r.env...)
	program := filepath.Join(built, forCores.Inside(dir))
	for _, crash := range coreCrashes {
		script := fmt.Sprintf("mkdir /tmp/core && cd /tmp/core && ulimit -c unlimited && '%s' run %s -core >/dev/null; gzip -1c core* | base64; rm -r /tmp/core",
			program, crash)
		r.jobs = append(r.jobs, job.Job{Name: coreJob + crash, Dir: "/tmp", Limit: 2 * time.Minute,
			Args: []string{"/bin/sh", "-c", script}, Env: []string{"PATH=/bin"}})
	}
}

// checkCore holds a report's frames of C against those that gdb finds in the core file.
func checkCore(t *testing.T, root string, r job.Result) {
	t.Helper()
	victim.NeedTools(t, "gdb-multiarch")
	rep := victim.Complete(t, r.Stderr)
	frames := cFrames(rep.Current().Frames)
	of := gdb(t, filepath.Join(root, built, forCores.Inside("tests")), core(t, r))
	var got []string
	for _, f := range frames {
		got = append(got, fmt.Sprintf("%#x", uint64(f.PC)))
	}
	t.Logf("%d frames", len(got))
	if len(got) == 0 || !slices.Equal(got, of) {
		t.Errorf("the frames are at %q, gdb has %q\n%s", got, of, rep)
	}
}

// core is the core file that a job printed.
func core(t *testing.T, r job.Result) string {
	t.Helper()
	z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(r.Stdout)))
	if err != nil {
		t.Fatalf("%v: %+v", err, r)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "core"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := io.Copy(file, z); err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

// gdb are the addresses of the frames of C of a core file's first thread, which is the one that crashed.
func gdb(t *testing.T, program, core string) (pcs []string) {
	t.Helper()
	cmd := exec.Command("gdb-multiarch", "-nx", "-batch", "-iex", "set auto-load off", "-iex", "set debuginfod enabled off",
		"-iex", "set sysroot /usr/aarch64-linux-gnu", "-iex", "set $core = 1", "-x", "../testdata/oracle.py", program, core)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	for line := range strings.Lines(string(out)) {
		if rest, found := strings.CutPrefix(line, "frame "); found {
			pc, _, _ := strings.Cut(rest, " ")
			pcs = append(pcs, pc)
		}
	}
	return pcs
}

// cFrames are the frames that are on the stack up to the first of Go, with repeated ones as often as they were there.
func cFrames(frames []report.Frame) (list []report.Frame) {
	for _, f := range frames {
		switch {
		case f.Kind == report.RepeatedFrames:
			for range f.Count {
				list = append(list, list[len(list)-f.Lines:]...)
			}
		case f.PC == 0 && f.Kind != report.NotExecutableFrame:
			return list
		case !f.Inlined:
			list = append(list, f)
		}
	}
	return list
}
