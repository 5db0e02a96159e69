//go:build linux && amd64 && cgo

package godeath

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// A variant is another way to build or run the victim.
type variant struct {
	name     string
	program  *program
	settings string // added to both runs
	change   change
	pid1     bool
}

var unshare = []string{"unshare", "--pid", "--fork", "--mount-proc", "--kill-child"}

var variants = []variant{
	{name: "pie", program: &program{name: "pie", args: []string{"-buildmode=pie"}}},
	{name: "stripped", program: &program{name: "stripped", args: []string{"-ldflags=-s -w"}}},
	{name: "pie-stripped", program: &program{name: "pie-stripped", args: []string{"-buildmode=pie", "-ldflags=-s -w"}}},
	{name: "static", program: &program{name: "static", args: []string{"-ldflags=-linkmode external -extldflags -static"}}},
	{name: "race", program: &program{name: "race", args: []string{"-race"}}},
	{name: "go1.27", program: &program{name: "go1.27", toolchain: "go1.27.4"}},
	{name: "notify", program: plain, settings: " notify=1"},
	{name: "pid1", program: plain, pid1: true},
	{name: "pid1-notify", program: plain, settings: " notify=1", pid1: true},
}

func TestVariants(t *testing.T) {
	for _, v := range variants {
		for _, kind := range []string{"panic", "error", "nested-fatal", "goroutine", "nil", "callback", "map", "unlock", "fault", "stack"} {
			t.Run(v.name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				var changes []change
				if v.pid1 {
					canBePID1(t)
					changes = append(changes, under(unshare...))
				}
				dir := t.TempDir()
				o := v.program.run(t, kind+v.settings+" dir="+dir, changes...)
				same(t, o, v.program.run(t, kind+v.settings+" plain=1", changes...))
				o.exited(t, 2)
				r := complete(t, onlyFile(t, dir))
				find(t, kind).check(t, r, o)
				if v.pid1 && r.Process.PID != 1 {
					t.Errorf("the process is %d", r.Process.PID)
				}
				if want := v.program.toolchain; want != "" && r.Build.GoVersion != want {
					t.Errorf("built by %s, want %s", r.Build.GoVersion, want)
				}
			})
		}
		if v.pid1 || v.settings != "" {
			continue
		}
		t.Run(v.name+"/quit", func(t *testing.T) {
			t.Parallel()
			o := signaled(t, v.program, "wait dir="+t.TempDir(), syscall.SIGQUIT)
			o.exited(t, 2)
			if !strings.HasPrefix(o.stderr, "SIGQUIT: quit\nPC=") || strings.Contains(o.stderr, "-----") {
				t.Errorf("Go's dump is:\n%s", ends(o.stderr))
			}
		})
	}
}

// With signal.Notify of SIGQUIT the program gets it and goes on.
func TestNotifiedQuit(t *testing.T) {
	o := signaled(t, plain, "wait notify=1 wait=1s", syscall.SIGQUIT)
	o.exited(t, 3)
	if o.stderr != "" {
		t.Errorf("standard error:\n%s", o.stderr)
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
	for range 10 {
		dir := t.TempDir()
		o := plain.run(t, "at-once dir="+dir)
		o.exited(t, 2)
		r := complete(t, onlyFile(t, dir))
		if got := string(r.GoText.Bytes()); got != o.stderr {
			t.Errorf("Go's text in the report:\n%s\non standard error:\n%s", ends(got), ends(o.stderr))
		}
	}
}
