//go:build linux && (amd64 || arm64) && cgo

package fields

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

// A dump says of which process it is, when it was, and who asked for it; and none of
// Epitaph's own threads, nor one of Go's that has nothing to do, is its current one.
func TestDumps(t *testing.T) {
	o := program.Run(t, "dumps")
	o.Exited(t, 3)
	var other int
	if _, err := fmt.Sscan(o.Stdout, &other); err != nil {
		t.Fatal(err)
	}
	var all []*report.Report
	for scanner := report.NewScanner(strings.NewReader(o.Stderr)); scanner.Scan(); {
		all = append(all, scanner.Report())
	}
	want := []string{"SIGUSR1 from the process itself", fmt.Sprintf("SIGUSR2 from pid %d (sh)", other), "SIGUSR1 from the process itself",
		"dump called by the program", "native dump called by the program"}
	if len(all) != len(want) {
		t.Fatalf("%d dumps, want %d:\n%s", len(all), len(want), o.Stderr)
	}
	var printed strings.Builder
	for i, r := range all {
		printed.WriteString(r.String())
		if r.Kind != report.Dump || !r.Complete() || !r.Intact() || len(r.Unknown) > 0 || r.Layout != "" {
			t.Errorf("not a complete dump:\n%s", r)
		}
		if p := r.Process; p == nil || p.PID != o.PID || p.Name != "victim" || p.Time.IsZero() || !slices.Equal(r.Notes, want[i:i+1]) {
			t.Errorf("process %+v, notes %q; want %s", p, r.Notes, want[i])
		}
		if i < 2 {
			noneOfOurs(t, r)
		} else if r.Current() == nil {
			t.Errorf("no current thread:\n%s", r)
		}
	}
	if printed.String() != o.Stderr {
		t.Errorf("there is other output:\n%s", o.Stderr)
	}
	if !slices.ContainsFunc(all[2].Current().Frames, func(f report.Frame) bool { return f.Func == "signals_itself" }) {
		t.Errorf("the thread that got the signal is not the current one:\n%s", all[2])
	}
}

// noneOfOurs: the kernel may have sent the signal to any thread, and that is current only
// if it did something for the program.
func noneOfOurs(t *testing.T, r *report.Report) {
	t.Helper()
	current := r.Current()
	if current == nil {
		if len(r.Threads) == 0 && r.Idle == nil {
			t.Errorf("the thread is not among the others:\n%s", r)
		}
		return
	}
	for _, f := range current.Frames {
		if f.Func == "runtime.stopm" || f.Func == "runtime.schedule" || strings.Contains(f.Func, "engine.(*responder)") {
			t.Errorf("the current thread has nothing to do:\n%s", r)
		}
	}
}
