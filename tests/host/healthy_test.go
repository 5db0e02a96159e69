//go:build linux && (amd64 || arm64) && cgo

package host

import (
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

var healthy = &victim.Program{Name: "healthy", Build: []string{"./healthy"}, Limit: program.Limit}

// A program that its own handlers keep alive does the same as without Epitaph: it goes on, its
// system calls too, and its threads have the masks that they would have.
func TestHealthyProgramsGoOn(t *testing.T) {
	for _, test := range []struct {
		line    string
		status  int
		reports int // of faults that are reported before the handler is called
	}{
		{line: "computes deadline=300ms", status: 3},
		{line: "sleeps deadline=300ms", status: 3},
		{line: "sleeps deadline=300ms hostfirst=false", status: 3, reports: 1},
		{line: "reads", status: 3},
		{line: "reads hostfirst=false", status: 3, reports: 1},
		{line: "lingers deadline=1400ms", status: 3}, // the last looks are at 0.64 and 1.28 s
		{line: "ends", status: 0},
		{line: "resets", status: 3},
		{line: "late deadline=300ms", status: 3, reports: 1}, // it did not return in time
		{line: "late deadline=300ms hostfirst=false", status: 3, reports: 1},
		{line: "sent", status: 3},
		{line: "sent jump=1", status: 3},
		{line: "probes", status: 3},
		{line: "probes divide=1", status: 3},
		{line: "probes hostfirst=false", status: 3, reports: 5},
		{line: "behind", status: 3},
		{line: "divides", status: 3},
		{line: "divides quiet=1", status: 3},
		{line: "divides hostfirst=false", status: 3, reports: 1},
		{line: "prompts", status: 3},
		{line: "reader", status: 3},
		{line: "takeover", status: 3},
		{line: "setter", status: 3},
		{line: "unmapped hostfirst=true", status: 3},
	} {
		t.Run(test.line, func(t *testing.T) {
			victim.NeedDivision(t, test.line)
			t.Parallel()
			without := healthy.Run(t, test.line+" off=1")
			without.Exited(t, test.status)
			with := healthy.Run(t, test.line)
			with.Exited(t, test.status)
			if with.Stdout != without.Stdout {
				t.Errorf("with Epitaph:\n%swithout:\n%s", with.Stdout, without.Stdout)
			}
			crashes := 0
			for _, r := range victim.Reports(t, with.Stderr) {
				if r.Signal != nil {
					crashes++
				}
			}
			if crashes != test.reports {
				t.Errorf("%d reports, want %d:\n%s", crashes, test.reports, with.Stderr)
			}
		})
	}
}

// A walk that meets memory without access, on a thread that has blocked the signal of that
// since before Enable, ends the walk and not the process.
func TestDumpOfAThreadThatBlocksFaults(t *testing.T) {
	o := healthy.Run(t, "coroutine")
	o.Exited(t, 3)
	scanner := report.NewScanner(strings.NewReader(o.Stderr))
	if !scanner.Scan() || scanner.Report().End == nil || !scanner.Report().End.Complete {
		t.Errorf("no complete dump:\n%s", o.Stderr)
	}
}
