//go:build linux && (amd64 || arm64) && cgo

package godeath

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// A panic or fatal error in the middle of the report on a crash in C does not end it.
func TestGoDiesMeanwhile(t *testing.T) {
	for _, how := range []string{"panic", "fatal", "fault"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			o := run(t, plain, "meanwhile-"+how+" oncrash=return dir="+dir)
			o.DiedOf(t, syscall.SIGSEGV)
			r := parsed(t, onlyFile(t, dir))
			if r.Signal == nil || r.Signal.Name != "SIGSEGV" || r.End == nil || !r.Intact() || len(r.Modules) == 0 {
				t.Errorf("the report is not whole:\n%s", ends(r.String()))
			}
			if g := r.Goroutines; g == nil || g.Reason != "Go is ending the process" || len(r.GoroutineGroups) == 0 {
				t.Errorf("the goroutines are %+v", g)
			}
			shows(t, r.Current(), "victim_null", "main.main")
			if o.Stdout != "" {
				t.Error("Go is said to be dead, and has called the crash hook")
			}
		})
	}
}

// Nor does a crash in C that on a panic or fatal error.
func TestCCrashesMeanwhile(t *testing.T) {
	dir := t.TempDir()
	o := run(t, plain, "c-meanwhile dir="+dir)
	o.Exited(t, 2)
	r := parsed(t, onlyFile(t, dir))
	if r.Headline != "panic: boom" || r.End == nil || !r.Intact() || len(r.Breadcrumbs) != 1 {
		t.Errorf("the report is not whole:\n%s", ends(r.String()))
	}
}

// A stage that fails is named, and the others run; the exit status stays.
func TestStages(t *testing.T) {
	stages := []string{"process", "Go's report", "panic", "module list", "unwind", "current stack", "other crashes",
		"threads", "other threads", "goroutines", "modules", "annotations", "breadcrumbs"}
	for _, how := range []string{"fault", "hang", "spin", "abort"} {
		for _, stage := range stages {
			if (how == "hang" || how == "spin") && !slices.Contains([]string{"Go's report", "unwind", "modules"}, stage) {
				continue // each takes its budget
			}
			t.Run(how+"/"+stage, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				o := plain.Run(t, "stage-"+how, withArgs("stage="+stage, "dir="+dir)...)
				o.Exited(t, 2)
				if !strings.HasPrefix(o.Stderr, "panic: boom\n\ngoroutine 1 [running") {
					t.Errorf("standard error:\n%s", ends(o.Stderr))
				}
				text := onlyFile(t, dir)
				r := parsed(t, text)
				if !r.Intact() || r.Headline != "panic: boom" || r.End == nil || r.Complete() {
					t.Errorf("failures %v in:\n%s", r.StageFailures, ends(text))
				}
				if len(r.StageFailures) != 1 || r.StageFailures[0].Stage != stage {
					t.Errorf("the failures are %v", r.StageFailures)
				}
			})
		}
	}
}

// The report has no reader: Go's end waits for the deadline, and ends with Go's
// status.
func TestNobodyReads(t *testing.T) {
	fifo := t.TempDir() + "/fifo"
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	const deadline = 2 * time.Second
	o := run(t, plain, "panic-long deadline=2s out="+fifo)
	o.Exited(t, 2)
	if o.Elapsed < deadline/2 || o.Elapsed > deadline+5*time.Second {
		t.Errorf("took %v with a deadline of %v", o.Elapsed, deadline)
	}
}

// parsed is a report that need not be complete.
func parsed(t *testing.T, text string) *report.Report {
	t.Helper()
	r, err := report.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, ends(text))
	}
	return r
}
