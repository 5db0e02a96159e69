//go:build linux && amd64 && cgo

package edges

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

func TestForkedChild(t *testing.T) {
	for kind, signal := range map[string]syscall.Signal{
		"null": syscall.SIGSEGV, "abort": syscall.SIGABRT, "int3": syscall.SIGTRAP, "overflow": syscall.SIGSEGV,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			o := run(t, "fork then=crash kind="+kind)
			// The parent crashes afterwards as if nothing had been.
			o.DiedOf(t, signal)
			if !strings.Contains(o.Stdout, fmt.Sprintf("child: signal %d,", signal)) ||
				!strings.Contains(o.Stdout, "parent: enabled true") {
				t.Errorf("standard output:\n%s", o.Stdout)
			}
			all := victim.Reports(t, o.Stderr)
			if len(all) != 2 {
				t.Fatalf("%d reports, want the child's and the parent's:\n%s", len(all), o.Stderr)
			}
			child, parent := all[0], all[1]
			if child.Process.PID == o.PID || parent.Process.PID != o.PID {
				t.Errorf("reports of %d and %d; the parent is %d", child.Process.PID, parent.Process.PID, o.PID)
			}
			want := fmt.Sprintf("in a forked child of process %d that has not called exec", o.PID)
			if len(child.Notes) != 1 || child.Notes[0] != want {
				t.Errorf("the child's notes are %q, want %q", child.Notes, want)
			}
			if len(parent.Notes) != 0 {
				t.Errorf("the parent's notes are %q", parent.Notes)
			}
			for _, r := range []*report.Report{child, parent} {
				if !r.Complete() || !r.Intact() {
					t.Errorf("not complete:\n%s", r)
				}
				if kind != "overflow" { // of which only the ends are shown
					shows(t, r, "crash_"+kind)
				}
			}
		})
	}
}

// There is no helper thread in the child: it has to be in time by itself.
func TestForkedChildWithStoppedReader(t *testing.T) {
	t.Parallel()
	_, w := pipe(t, 0)
	fill(t, w)
	o := run(t, "fork fd=3 deadline=3s", victim.Inherit(w))
	o.Exited(t, 3)
	if !strings.Contains(o.Stdout, "child: signal 11,") || !strings.Contains(o.Stdout, "parent: enabled true") {
		t.Errorf("standard output:\n%s", o.Stdout)
	}
	if o.Elapsed > slack+3*time.Second {
		t.Errorf("took %v with a deadline of 3 s", o.Elapsed)
	}
}

// A child of vfork crashes in its parent's memory; the parent must not be taken
// for crashing, neither by the helper thread when the deadline is over nor by
// its own later crash.
func TestVforkedChild(t *testing.T) {
	for _, place := range []string{"cgo", "thread"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := run(t, "fork shared=1 then=crash deadline=300ms sleep=500 place="+place)
			o.DiedOf(t, syscall.SIGSEGV)
			if !strings.Contains(o.Stdout, "child: signal 11,") {
				t.Errorf("standard output:\n%s", o.Stdout)
			}
			all := victim.Reports(t, o.Stderr)
			if len(all) != 2 || all[0].Process.PID == o.PID || all[1].Process.PID != o.PID {
				t.Fatalf("%d reports, want the child's and the parent's:\n%s", len(all), o.Stderr)
			}
			if !all[1].Complete() {
				t.Errorf("the parent's is not complete:\n%s", all[1])
			}
		})
	}
}
