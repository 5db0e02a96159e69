//go:build linux && (amd64 || arm64) && cgo

package edges

import (
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

func TestForkedChild(t *testing.T) {
	for line, signal := range map[string]syscall.Signal{
		"null": syscall.SIGSEGV, "abort": syscall.SIGABRT, "int3": syscall.SIGTRAP, "overflow": syscall.SIGSEGV,
		"null old=1": syscall.SIGSEGV, // a kernel that empties no pages
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			kind, _, _ := strings.Cut(line, " ")
			o := run(t, "fork then=crash kind="+line)
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

// A child of vfork that reports slowly and a thread of its parent that crashes meanwhile
// have one memory, and one stack to report on. The second waits for the first: each says
// what itself has crashed on.
func TestVforkedChildAndItsParent(t *testing.T) {
	t.Parallel()
	r, w := pipe(t, 0)
	fill(t, w)
	text := make(chan string)
	go func() {
		time.Sleep(time.Second)
		all, _ := io.ReadAll(r)
		text <- strings.TrimLeft(string(all), "\x00")
	}()
	o := run(t, "fork_both fd=3 deadline=8s", victim.Inherit(w))
	w.Close()
	o.DiedOf(t, syscall.SIGSEGV)
	all := victim.Reports(t, <-text)
	if len(all) != 2 {
		t.Fatalf("%d reports, want the child's and the parent's", len(all))
	}
	child, parent := all[0], all[1]
	if child.Process.PID == o.PID || parent.Process.PID != o.PID {
		t.Errorf("reports of %d and %d; the parent is %d", child.Process.PID, parent.Process.PID, o.PID)
	}
	for r, function := range map[*report.Report]string{child: "victim_fork_both", parent: "crash_null"} {
		if !r.Complete() || !r.Intact() {
			t.Errorf("not complete:\n%s", r)
		}
		if shows(t, r, function); len(r.AlsoCrashed) != 0 {
			t.Errorf("another process crashed:\n%s", r)
		}
	}
}

// The deadline of a forked child is a timer that kills. When a host's handler lets the
// child go on it is gone, and the child's own is back.
func TestForkedChildKeepsItsAlarm(t *testing.T) {
	for _, host := range []string{"repair", "jump"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			o := run(t, "fork_alarm hostfirst=false deadline=500ms host="+host)
			o.Exited(t, 3)
			hasLine(t, o.Stdout, "child: signal -1, exit status 0")
			victim.Complete(t, o.Stderr)
		})
	}
}
