//go:build linux && (amd64 || arm64) && cgo

// Package ondemand tests the dumps of processes that go on: at a time, and when a
// watchdog gets no heartbeat. The process is a child, the program victim; what it wrote
// is judged as package report understands it.
package ondemand

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// limit is what no child may outlast, on a machine that is busy.
const limit = 40 * time.Second

var program = &victim.Program{Build: []string{"./victim"}, Limit: limit}

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// wentOn is the status of a victim that came to the end of its scenario.
const wentOn = 3

// survive runs a scenario that ends well.
func survive(t *testing.T, line string, changes ...victim.Change) *victim.Outcome {
	t.Helper()
	o := program.Run(t, line, changes...)
	o.Exited(t, wentOn)
	return o
}

// dumps are the reports of timeouts in a text that has nothing else in it. Each
// must be complete, and without anything that is not understood.
func dumps(t *testing.T, text string) []*report.Report {
	t.Helper()
	var all []*report.Report
	var printed strings.Builder
	scanner := report.NewScanner(strings.NewReader(text))
	for scanner.Scan() {
		r := scanner.Report()
		if r.Kind != report.Timeout || !r.Complete() || !r.Intact() || len(r.Unknown) > 0 || len(r.StageFailures) > 0 {
			t.Errorf("not a complete dump (%v, complete %v, intact %v, failures %v, unknown %v):\n%s",
				r.Kind, r.Complete(), r.Intact(), r.StageFailures, r.Unknown, r)
		}
		if r.Process == nil || r.Build == nil || r.Answers == nil {
			t.Errorf("a part is missing:\n%s", r)
		}
		printed.WriteString(r.String())
		all = append(all, r)
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	if printed.String() != text {
		t.Errorf("there is other output between the dumps:\n%s", text)
	}
	return all
}

// goroutinesIn finds goroutines with all of these functions on their stack.
func goroutinesIn(r *report.Report, functions ...string) *report.GoroutineGroup {
	for i := range r.GoroutineGroups {
		if has(r.GoroutineGroups[i].Frames, functions) {
			return &r.GoroutineGroups[i]
		}
	}
	return nil
}

// threadIn finds a thread with all of these functions on its stack.
func threadIn(r *report.Report, functions ...string) *report.Thread {
	for i := range r.Threads {
		if has(r.Threads[i].Frames, functions) {
			return &r.Threads[i]
		}
	}
	return nil
}

func has(frames []report.Frame, functions []string) bool {
	for _, f := range functions {
		if !slices.ContainsFunc(frames, func(frame report.Frame) bool { return frame.Func == f }) {
			return false
		}
	}
	return true
}

func timeOf(t *testing.T, line string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	return at
}
