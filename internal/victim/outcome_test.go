//go:build linux

package victim_test

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// A judged test remembers that it failed.
type judged struct {
	testing.TB
	failed bool
}

type ended struct{}

func (j *judged) Helper()               {}
func (j *judged) Errorf(string, ...any) { j.failed = true }
func (j *judged) Fatalf(string, ...any) {
	j.failed = true
	panic(ended{})
}

// fails tells whether a test that does this fails.
func fails(t *testing.T, do func(testing.TB)) (failed bool) {
	j := &judged{TB: t}
	defer func() {
		if r := recover(); r != nil && r != (ended{}) {
			panic(r)
		}
		failed = j.failed
	}()
	do(j)
	return
}

func TestReports(t *testing.T) {
	content, err := os.ReadFile("../../report/testdata/segv.crash")
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	headline, rest, _ := strings.Cut(text, "\n")
	for _, test := range []struct {
		name, text                 string
		no, reports, one, complete bool // which of the functions fail
	}{
		{"nothing", "something else\n", false, false, true, true},
		{"a report", text, true, false, false, false},
		{"between others", "before\n" + text + "behind\n", true, false, false, false},
		{"two", text + text, true, false, true, true},
		{"cut", text[:len(text)/2], true, true, true, true},
		{"a line of another", headline + "\nwhat is this?\n" + rest, true, false, false, true},
	} {
		got := []bool{
			fails(t, func(tb testing.TB) { victim.NoReport(tb, test.text) }),
			fails(t, func(tb testing.TB) { victim.Reports(tb, test.text) }),
			fails(t, func(tb testing.TB) { victim.Report(tb, test.text) }),
			fails(t, func(tb testing.TB) { victim.Complete(tb, test.text) }),
		}
		for i, want := range []bool{test.no, test.reports, test.one, test.complete} {
			if got[i] != want {
				t.Errorf("%s: %s fails: %v, want %v", test.name, []string{"NoReport", "Reports", "Report", "Complete"}[i], got[i], want)
			}
		}
	}
}

func TestEnds(t *testing.T) {
	died, exited := &victim.Outcome{Status: syscall.WaitStatus(syscall.SIGBUS)}, &victim.Outcome{Status: 3 << 8}
	hung := &victim.Outcome{Status: syscall.WaitStatus(syscall.SIGKILL), Hung: true}
	for _, test := range []struct {
		o           *victim.Outcome
		words       string
		died, exits bool // of SIGBUS, with status 3
	}{{died, "killed by bus error", true, false}, {exited, "exit status 3", false, true}, {hung, "hung", false, false}} {
		if test.o.End() != test.words ||
			fails(t, func(tb testing.TB) { test.o.DiedOf(tb, syscall.SIGBUS) }) == test.died ||
			fails(t, func(tb testing.TB) { test.o.Exited(tb, 3) }) == test.exits {
			t.Errorf("%v: %v", test.words, test.o)
		}
	}
}
