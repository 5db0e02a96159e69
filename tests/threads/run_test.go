//go:build linux && (amd64 || arm64) && cgo

// Package threads tests what a report says of the threads that did not crash:
// that all of them are there, with the stacks that they have, and that asking
// them does them no harm. The process is a child, the program victim; what it
// wrote is judged as report.Parse understands it.
package threads

import (
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// limit is what no child may outlast, on a machine that is busy.
const limit = 30 * time.Second

// program has the switches for tests. A line for it is a scenario and its number:
// "park 1000".
var program = &victim.Program{Build: []string{"-tags", "epitaph_test", "./victim"}, Limit: limit}

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// die runs a scenario that dies of SIGSEGV.
func die(t *testing.T, scenario string, changes ...victim.Change) *victim.Outcome {
	t.Helper()
	out := program.Run(t, scenario, changes...)
	if !out.IsDeath(syscall.SIGSEGV) {
		t.Fatalf("%s: %v", scenario, out)
	}
	return out
}

// crash runs a scenario that dies of SIGSEGV and returns its report.
func crash(t *testing.T, scenario string, changes ...victim.Change) (*report.Report, *victim.Outcome) {
	t.Helper()
	out := die(t, scenario, changes...)
	reports := parse(t, out.Stderr)
	if len(reports) != 1 {
		t.Fatalf("%s: %d reports: %v", scenario, len(reports), out)
	}
	return reports[0], out
}

// survive runs a scenario that ends well and returns the dumps that it wrote.
func survive(t *testing.T, scenario string) ([]*report.Report, *victim.Outcome) {
	t.Helper()
	out := program.Run(t, scenario)
	if !out.IsExit(0) {
		t.Fatalf("%s: %v", scenario, out)
	}
	return parse(t, out.Stderr), out
}

// parse reads reports that follow each other; every line of them must be
// understood, and the counts of their ends must be right.
func parse(t *testing.T, text string) []*report.Report {
	t.Helper()
	var reports []*report.Report
	scanner := report.NewScanner(strings.NewReader(text))
	for scanner.Scan() {
		r := scanner.Report()
		if len(r.Unknown) > 0 || r.Truncated || !r.Intact() {
			t.Fatalf("report %d: unknown lines %v, truncated %v, intact %v\n%s",
				len(reports), r.Unknown, r.Truncated, r.Intact(), tail(r.String()))
		}
		reports = append(reports, r)
	}
	if scanner.Err() != nil && scanner.Err() != io.EOF {
		t.Fatal(scanner.Err())
	}
	return reports
}

func tail(text string) string {
	return text[max(0, len(text)-6000):]
}

// numbers reads lines "WORD NUMBER" of the victim's output.
func numbers(t testing.TB, out *victim.Outcome) map[string]int {
	t.Helper()
	found := make(map[string]int)
	for line := range strings.Lines(out.Stdout) {
		word, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.Atoi(number)
		if err == nil {
			found[word] = n
		}
	}
	return found
}

// byTID finds the stack of each thread that a report names; the current one
// included. A thread that stands in two places fails the test.
func byTID(t *testing.T, r *report.Report) map[int]*report.Thread {
	t.Helper()
	found := make(map[int]*report.Thread)
	for i := range r.Threads {
		for _, member := range r.Threads[i].Members {
			if found[member.TID] != nil {
				t.Errorf("thread %d stands in two places", member.TID)
			}
			found[member.TID] = &r.Threads[i]
		}
	}
	return found
}

// has reports whether a function is among the frames.
func has(thread *report.Thread, function string) bool {
	return thread != nil && count(thread, function) > 0
}

func count(thread *report.Thread, function string) int {
	n := 0
	for _, frame := range thread.Frames {
		if frame.Func == function && frame.Kind != report.SeenFromOutside {
			n++
		}
	}
	return n
}

// mark returns the first line of a stack if it says that the thread itself was
// not asked, or did not answer.
func mark(thread *report.Thread) report.Frame {
	if len(thread.Frames) > 0 &&
		(thread.Frames[0].Kind == report.SeenFromOutside || thread.Frames[0].Kind == report.NoStack) {
		return thread.Frames[0]
	}
	return report.Frame{}
}

// accounted fails the test unless every thread is counted once.
func accounted(t testing.TB, r *report.Report) {
	t.Helper()
	if r.Answers == nil {
		t.Fatalf("no line of answers\n%s", tail(r.String()))
	}
	a := *r.Answers
	if sum := a.Answered + a.Blocked + a.Late + a.Unsendable + a.Ended + a.Spared + a.NotAsked; sum != a.Total {
		t.Errorf("the counts have the sum %d: %+v", sum, a)
	}
	shown := 0
	for _, thread := range r.Threads {
		if !thread.Current() && thread.Name() != "epitaph" {
			shown += thread.Count
		}
	}
	// Those that wait for work are counted on a line of their own, with the one or two of
	// the core, which are not asked.
	own := 0
	if r.Idle != nil {
		shown += r.Idle.Runtime + r.Idle.Epitaph
		own = 2
	}
	if shown < a.Total || shown > a.Total+own {
		t.Errorf("%d threads are shown, %d counted", shown, a.Total)
	}
}
