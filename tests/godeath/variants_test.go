//go:build linux && (amd64 || arm64) && cgo

package godeath

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// A variant is another way to build or run the victim.
type variant struct {
	name     string
	program  *victim.Program
	settings string // added to both runs
	pid1     bool
	go127    bool
}

const go127 = "go1.27.4"

var unshare = []string{"unshare", "--pid", "--fork", "--mount-proc", "--kill-child"}

var variants = []variant{
	{name: "pie", program: built("-buildmode=pie")},
	{name: "stripped", program: built("-ldflags=-s -w")},
	{name: "pie-stripped", program: built("-buildmode=pie", "-ldflags=-s -w")},
	{name: "static", program: built("-ldflags=-linkmode external -extldflags -static")},
	// Under the race detector its own DWARF would take the program some seconds to read.
	{name: "race", program: built("-race", "-ldflags=-w")},
	{name: "go1.27", program: &victim.Program{Build: []string{"-tags", "epitaph_test", "./victim"}, Env: []string{"GOTOOLCHAIN=" + go127}}, go127: true},
	{name: "notify", program: plain, settings: " notify=1"},
	{name: "nowrap", program: built("-tags", "epitaph_test epitaph_nowrap")},
	{name: "ignore-before", program: plain, settings: " ignore=before"},
	{name: "ignore-after", program: plain, settings: " ignore=after"},
	{name: "pid1", program: plain, pid1: true},
	{name: "pid1-notify", program: plain, settings: " notify=1", pid1: true},
	{name: "pid1-ignore", program: plain, settings: " ignore=after", pid1: true},
}

// surroundings are what the program runs in. The test is skipped where they cannot be
// had.
func (v variant) surroundings(t *testing.T) (changes []victim.Change) {
	t.Helper()
	if v.pid1 {
		canBePID1(t)
		changes = append(changes, victim.Under(unshare[0], unshare[1:]...))
	}
	if v.go127 && os.Getenv(victim.Elsewhere) == "" {
		toolchain(t, go127)
	}
	return changes
}

func TestVariants(t *testing.T) {
	for i, v := range variants {
		for j, kind := range []string{"panic", "error", "nested-fatal", "goroutine", "nil", "callback", "map", "unlock", "fault", "stack"} {
			if !victim.Full && (i+j)%2 != 0 {
				continue // each kind in every other variant
			}
			t.Run(v.name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				changes := v.surroundings(t)
				dir := t.TempDir()
				o := run(t, v.program, kind+v.settings+" dir="+dir, changes...)
				same(t, o, run(t, v.program, kind+v.settings+" off=1", changes...))
				o.Exited(t, 2)
				r := complete(t, onlyFile(t, dir))
				find(t, kind).check(t, r, o)
				if v.pid1 && r.Process.PID != 1 {
					t.Errorf("the process is %d", r.Process.PID)
				}
				if got := r.Build.GoVersion; v.go127 && got != go127 {
					t.Errorf("built by %s, want %s", got, go127)
				}
			})
		}
		if v.pid1 || v.settings != "" {
			continue
		}
		t.Run(v.name+"/quit", func(t *testing.T) {
			t.Parallel()
			if v.go127 {
				toolchain(t, go127)
			}
			o := signaled(t, v.program, "wait dir="+t.TempDir(), syscall.SIGQUIT)
			o.Exited(t, 2)
			if !strings.HasPrefix(o.Stderr, "SIGQUIT: quit\nPC=") || strings.Contains(o.Stderr, "-----") {
				t.Errorf("Go's dump is:\n%s", ends(o.Stderr))
			}
		})
	}
}

// Where Go's deaths are to end in SIGABRT they do, also if that is ignored.
func TestIgnoredAbort(t *testing.T) {
	for _, when := range []string{"before", "after"} {
		for _, kind := range []string{"panic", "map"} {
			t.Run(when+"/"+kind, func(t *testing.T) {
				t.Parallel()
				dir, env := t.TempDir(), victim.Env("GOTRACEBACK=crash")
				o := run(t, plain, kind+" ignore="+when+" dir="+dir, env)
				same(t, o, run(t, plain, kind+" off=1 ignore=before", env))
				o.DiedOf(t, syscall.SIGABRT)
				find(t, kind).check(t, complete(t, onlyFile(t, dir)), o)
			})
		}
	}
}

// With signal.Notify of SIGQUIT the program gets it and goes on.
func TestNotifiedQuit(t *testing.T) {
	o := signaled(t, plain, "wait notify=1 wait=1s", syscall.SIGQUIT)
	o.Exited(t, 3)
	if o.Stderr != "" {
		t.Errorf("standard error:\n%s", o.Stderr)
	}
}

func canBePID1(t *testing.T) {
	t.Helper()
	if out, err := exec.Command(unshare[0], append(unshare[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("no program can be PID 1 here: %v: %s", err, out)
	}
}

// A race of many panics, and of panics with recovered ones, ends as one.
func TestPanicsAtOnce(t *testing.T) {
	for i := range 10 {
		dir := t.TempDir()
		line, threads := "at-once dir="+dir, ""
		if i%2 != 0 { // more than there are processors: most are interrupted in some handler
			line, threads = line+" goroutines=64", "32"
		}
		o := run(t, plain, line, victim.Env("GOMAXPROCS="+threads))
		o.Exited(t, 2)
		r := complete(t, onlyFile(t, dir))
		if got := string(r.GoText.Bytes()); got != o.Stderr {
			t.Errorf("Go's text in the report:\n%s\non standard error:\n%s", ends(got), ends(o.Stderr))
		}
	}
}
