//go:build linux && (amd64 || arm64) && cgo

package ondemand

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// The tests with these names are those of CPython's test_faulthandler.py.

// checkLater is check_dump_traceback_later: what stands there, and where.
func checkLater(t *testing.T, line string, want int, changes ...victim.Change) []*report.Report {
	t.Helper()
	o := survive(t, "later "+line, changes...)
	text := o.Stderr
	var path string
	for field := range strings.FieldsSeq(line) {
		if value, ok := strings.CutPrefix(field, "file="); ok {
			path = value
		}
	}
	if path != "" {
		if text != "" {
			t.Errorf("there is something on standard error, too:\n%s", text)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text = string(data)
	}
	all := dumps(t, text)
	if len(all) != want && want >= 0 {
		t.Fatalf("%s: %d dumps, want %d:\n%s", line, len(all), want, text)
	}
	for i, r := range all {
		if !strings.HasPrefix(r.String(), "Timeout (0:00:00.500000)!\nProcess: ") {
			t.Errorf("begins with\n%.80s", r)
		}
		// A repetition may come just when the sleep is over.
		if g := goroutinesIn(r, "time.Sleep", "main.function", "main.main"); i == 0 && (g == nil || g.Status != "sleep") {
			t.Errorf("the goroutine that waits is not there: %+v\n%s", g, r)
		}
		if r.Current() != nil {
			t.Errorf("there is a current thread:\n%s", r)
		}
	}
	return all
}

func TestFaulthandler_dump_traceback_later(t *testing.T) {
	t.Parallel()
	checkLater(t, "", 1)
}

func TestFaulthandler_dump_traceback_later_repeat(t *testing.T) {
	t.Parallel()
	if all := checkLater(t, "repeat=1", -1); len(all) < 2 {
		t.Errorf("%d dumps", len(all))
	}
}

func TestFaulthandler_dump_traceback_later_cancel(t *testing.T) {
	t.Parallel()
	checkLater(t, "cancel=1", 0)
}

func TestFaulthandler_dump_traceback_later_file(t *testing.T) {
	t.Parallel()
	checkLater(t, "file="+filepath.Join(t.TempDir(), "out"), 1)
}

func TestFaulthandler_dump_traceback_later_fd(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	o := survive(t, "later fd=3", victim.Inherit(f))
	text, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	if all := dumps(t, string(text)); len(all) != 1 || o.Stderr != "" {
		t.Errorf("%d dumps in the file, standard error:\n%s", len(all), o.Stderr)
	}
}

func TestFaulthandler_dump_traceback_later_twice(t *testing.T) {
	t.Parallel()
	checkLater(t, "loops=2", 2)
}

func TestFaulthandler_cancel_later_without_dump_traceback_later(t *testing.T) {
	t.Parallel()
	if o := survive(t, "cancel-nothing"); o.Stderr+o.Stdout != "" {
		t.Errorf("%v", o)
	}
}

// PR 149106 has these for 3.15.
func TestFaulthandler_dump_traceback_later_max_threads(t *testing.T) {
	t.Parallel()
	r := checkLater(t, "maxthreads=1", 1)[0]
	if len(r.Threads) != 2 || r.Threads[1].Kind != report.CutThreads {
		t.Errorf("want one stack and a count:\n%s", r)
	}
}

// A dump is of a program that is enabled, too.
func TestLaterEnabled(t *testing.T) {
	t.Parallel()
	checkLater(t, "enable=1", 1)
}

func TestReplace(t *testing.T) {
	t.Parallel()
	o := survive(t, "replace timeout=300ms")
	all := dumps(t, o.Stderr)
	if len(all) != 1 {
		t.Fatalf("%d dumps:\n%s", len(all), o.Stderr)
	}
	if after := all[0].Process.Time.Sub(timeOf(t, o.Stdout)); after < 299*time.Millisecond || after > 900*time.Millisecond {
		t.Errorf("it came %v after the last call", after)
	}
}

// The whole of what was being written is the last that is written.
func TestCancelFiring(t *testing.T) {
	t.Parallel()
	o := survive(t, "cancel-firing")
	took, more, _ := strings.Cut(strings.TrimSpace(o.Stdout), "\n")
	if d, err := time.ParseDuration(took); err != nil || d < 100*time.Millisecond || d > 3*time.Second {
		t.Errorf("cancelling took %q, where the dump had 0.5 s left", took)
	}
	if more != "0" {
		t.Errorf("%s bytes were written after it", more)
	}
}

func TestDisableLeavesTimers(t *testing.T) {
	t.Parallel()
	o := survive(t, "disable")
	if all := dumps(t, o.Stderr); len(all) != 1 {
		t.Errorf("%d dumps", len(all))
	}
	if o.Stdout != "true false\nfalse false\n" {
		t.Errorf("standard output:\n%s", o.Stdout)
	}
}

// A file that has got the number of the timer's output is not written to.
func TestStolenDescriptor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := survive(t, "stolen file="+filepath.Join(dir, "file")+" other="+filepath.Join(dir, "other"))
	if o.Stdout != "1\n" {
		t.Fatalf("not one duplicate was found: %q", o.Stdout)
	}
	for _, name := range []string{"file", "other"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || len(text) != 0 {
			t.Errorf("%s: %v, %.200q", name, err, text)
		}
	}
	if all := dumps(t, o.Stderr); len(all) != 1 {
		t.Errorf("%d dumps on standard error", len(all))
	}
}
