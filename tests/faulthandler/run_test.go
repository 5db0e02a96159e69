//go:build linux && (amd64 || arm64) && cgo

// Package faulthandler has a test for each case of CPython's test_faulthandler, by
// its name, and for each fault of Python's faulthandler that Epitaph is to be free
// of. What the cases are, and which are tested elsewhere, is in tests/README.md.
package faulthandler

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

var program = &victim.Program{Build: []string{"./victim"}, Limit: 30 * time.Second}

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// dumps are the reports in a text that holds nothing else. Each must be whole.
func dumps(t *testing.T, text string) []*report.Report {
	t.Helper()
	var all []*report.Report
	rest := text
	scanner := report.NewScanner(strings.NewReader(text))
	for scanner.Scan() {
		r := scanner.Report()
		if !r.Complete() || !r.Intact() || len(r.Unknown) > 0 {
			t.Errorf("dump %d is not whole (complete %v, intact %v, unknown %v):\n%s", len(all), r.Complete(), r.Intact(), r.Unknown, r)
		}
		before, after, found := strings.Cut(rest, r.String())
		if !found || strings.TrimSpace(before) != "" {
			t.Errorf("before dump %d there is %q", len(all), before)
		}
		rest = after
		all = append(all, r)
	}
	if err := scanner.Err(); err != nil {
		t.Error(err)
	}
	if strings.TrimSpace(rest) != "" {
		t.Errorf("behind %d dumps there is %q", len(all), rest)
	}
	return all
}

// dump is the one report in a text.
func dump(t *testing.T, text string) *report.Report {
	t.Helper()
	all := dumps(t, text)
	if len(all) != 1 {
		t.Fatalf("%d dumps, want 1, in:\n%s", len(all), text)
	}
	return all[0]
}

// survive runs a scenario that must end well.
func survive(t *testing.T, line string, changes ...victim.Change) *victim.Outcome {
	t.Helper()
	o := program.Run(t, line, changes...)
	o.Exited(t, 0)
	return o
}

// header fails the test unless the first line of a dump is as Python has it.
func header(t *testing.T, r *report.Report, want report.ThreadKind) *report.Thread {
	t.Helper()
	current := r.Current()
	if r.Kind != report.Dump || current == nil || current.Kind != want {
		t.Fatalf("kind %v, current thread %+v in:\n%s", r.Kind, current, r)
	}
	return current
}

// calls fails the test unless these functions are on the stack, in this order,
// with no others but those of package runtime outside.
func calls(t *testing.T, thread *report.Thread, functions ...string) {
	t.Helper()
	at := 0
	for _, frame := range thread.Frames {
		if at < len(functions) && frame.Name() == functions[at] {
			at++
		}
	}
	if at < len(functions) {
		t.Errorf("no %s, in the order of %v, in %+v", functions[at], functions, thread.Frames)
	}
}

// An output is one way to say where a dump goes: "stderr", which is the default, a
// "file" that the program opens, or the "fd" of one that it has inherited.
type output struct {
	line    string // to be added to the scenario
	changes []victim.Change
	text    func(*victim.Outcome) string // what was written there
}

func to(t *testing.T, which string) output {
	t.Helper()
	if which == "stderr" {
		return output{text: func(o *victim.Outcome) string { return o.Stderr }}
	}
	path := filepath.Join(t.TempDir(), "report")
	out := output{line: " file=" + path}
	if which == "fd" {
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		out.line, out.changes = " fd=3", []victim.Change{victim.Inherit(f)}
	}
	out.text = func(o *victim.Outcome) string {
		if o.Stderr != "" {
			t.Errorf("standard error has %q", o.Stderr)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	return out
}

func has(r *report.Report, name string) bool {
	for i := range r.Threads {
		for _, member := range r.Threads[i].Members {
			if member.Name == name {
				return true
			}
		}
	}
	return false
}

func count(t *testing.T, r *report.Report, note string) int {
	t.Helper()
	for _, text := range r.Notes {
		var signal, n int
		if _, err := fmt.Sscanf(text, note, &signal, &n); err == nil {
			return n
		}
	}
	return 0
}
