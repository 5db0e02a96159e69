//go:build linux && (amd64 || arm64) && cgo

// Package live tests that a report shows the goroutines as they are when the
// process crashes, and says why where it cannot. Every crash is that of a child
// process, and is judged by what report.Parse makes of its text.
package live

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// limit is what no child may outlast, on a machine that is busy with others.
const limit = 30 * time.Second

var (
	plain     = &victim.Program{Build: []string{"-tags", "epitaph_test", "./victim"}, Limit: limit}
	race      = &victim.Program{Name: "race", Build: []string{"-race", "-tags", "epitaph_test", "./victim"}, Limit: limit}
	go127     = &victim.Program{Name: "go1.27", Build: []string{"-tags", "epitaph_test", "./victim"}, Limit: limit, Env: []string{"GOTOOLCHAIN=go1.27.4"}}
	crashdemo = &victim.Program{Name: "crashdemo", Build: []string{"../../cmd/crashdemo"}, Limit: limit}
)

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// crash is the report of a run, with additions to the environment; it must be
// there, print as it was parsed, and be complete.
func crash(t *testing.T, p *victim.Program, line string, env ...string) (*report.Report, *victim.Outcome) {
	t.Helper()
	return reportIn(t, p.Run(t, line, victim.Env(env...)))
}

func reportIn(t *testing.T, o *victim.Outcome) (*report.Report, *victim.Outcome) {
	t.Helper()
	found := victim.Report(t, o.Stderr)
	if !found.Complete() {
		t.Errorf("the report is not complete: %s", o)
	}
	if found.Goroutines == nil {
		t.Fatalf("no goroutines in the report: %s", o)
	}
	return found, o
}

// took is how long the report took.
func took(r *report.Report) time.Duration {
	if r.End == nil {
		return 0
	}
	return r.End.Duration.Duration
}

// count adds up the goroutines that have a function on their stack.
func count(r *report.Report, function string) int {
	n := 0
	for _, g := range r.GoroutineGroups {
		for _, f := range g.Frames {
			if f.Func == function && f.Kind == report.SourceFrame {
				n += g.Count
				break
			}
		}
	}
	return n
}

// created adds up the goroutines that a function started.
func created(r *report.Report, function string) int {
	n := 0
	for _, g := range r.GoroutineGroups {
		for _, f := range g.Frames {
			if f.Kind == report.CreatedBy && f.Func == function {
				n += g.Count
			}
		}
	}
	return n
}

// checkSum checks that the groups hold as many goroutines as the first line says.
func checkSum(t *testing.T, r *report.Report) {
	t.Helper()
	n, groups := 0, 0
	for _, g := range r.GoroutineGroups {
		n += g.Count
		if !g.Cut {
			groups++
		}
	}
	if n != r.Goroutines.Count || groups != r.Goroutines.Groups {
		t.Errorf("%d goroutines in %d groups shown, %+v said", n, groups, *r.Goroutines)
	}
}

// scan reads the numbers of a line.
func scan(t *testing.T, line string, to []int) {
	t.Helper()
	fields := strings.Fields(line)
	if len(fields) != len(to) {
		t.Fatalf("line %q", line)
	}
	for i, f := range fields {
		var err error
		if to[i], err = strconv.Atoi(f); err != nil {
			t.Fatal(err)
		}
	}
}
