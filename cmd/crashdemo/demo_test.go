//go:build linux && cgo

package main_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// hardLimit is how long any child process may take. No crash takes as much as a second.
const hardLimit = 10 * time.Second

// built is crashdemo as a user would build it, with these further arguments of go build.
func built(args ...string) *victim.Program {
	return &victim.Program{Name: "crashdemo", Build: append(args, "."), Limit: hardLimit}
}

var demo = built()

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// end waits for a child's end. That it hung is in the outcome.
func end(t *testing.T, c *victim.Child) *victim.Outcome {
	t.Helper()
	o, err := c.End()
	if err != nil && !o.Hung {
		t.Fatalf("%v: %v", c.Cmd, err)
	}
	if o.Left {
		t.Errorf("%v: it left a process behind", c.Cmd)
	}
	return o
}

// run runs a build of crashdemo. One that hangs has no status and no signal. What a developer has set for Go programs
// does not change what Go prints.
func run(t *testing.T, program *victim.Program, line string, changes ...victim.Change) *victim.Outcome {
	t.Helper()
	return end(t, program.Start(t, line, append([]victim.Change{victim.Unset("GOTRACEBACK", "GODEBUG")}, changes...)...))
}

// in runs the child in a directory.
func in(dir string) victim.Change {
	return func(c *victim.Child) { c.Cmd.Dir = dir }
}

// whole are the reports in a text, which may hold other output too. Each has to be of this kind, complete and
// understood.
func whole(t *testing.T, text string, kind report.Kind) []*report.Report {
	t.Helper()
	var all []*report.Report
	scanner := report.NewScanner(strings.NewReader(text))
	for scanner.Scan() {
		r := scanner.Report()
		if r.Kind != kind || !r.Complete() || !r.Intact() || len(r.StageFailures) > 0 || len(r.Unknown) > 0 {
			t.Errorf("not a whole report of a %v (%v, complete %v, intact %v, failures %v, unknown %v):\n%s",
				kind, r.Kind, r.Complete(), r.Intact(), r.StageFailures, r.Unknown, r)
		}
		all = append(all, r)
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// hasFrames tells whether all of these functions are on a stack.
func hasFrames(frames []report.Frame, functions ...string) bool {
	for _, f := range functions {
		if !slices.ContainsFunc(frames, func(frame report.Frame) bool { return frame.Func == f }) {
			return false
		}
	}
	return true
}

type kind struct {
	Name    string
	Func    string
	Signal  string
	Number  int
	Traits  []string
	Callers []string
}

func (k kind) has(trait string) bool { return slices.Contains(k.Traits, trait) }

func (k kind) number() syscall.Signal { return syscall.Signal(k.Number) }

type place struct {
	Name   string
	Frames []string
}

type table struct {
	Kinds  []kind
	Places []place
}

// tableOf asks a build of crashdemo which kinds and places it has.
func tableOf(t *testing.T, program *victim.Program) table {
	t.Helper()
	o := run(t, program, "list -json")
	if !o.IsExit(0) || o.Stderr != "" {
		t.Fatalf("list -json: %v", o)
	}
	var list table
	if err := json.Unmarshal([]byte(o.Stdout), &list); err != nil {
		t.Fatalf("list -json: %v", err)
	}
	if len(list.Kinds) < 30 || len(list.Places) != 5 {
		t.Fatalf("list -json has %d kinds and %d places", len(list.Kinds), len(list.Places))
	}
	return list
}

func hasLine(text, prefix string) bool {
	return strings.HasPrefix(text, prefix) || strings.Contains(text, "\n"+prefix)
}
