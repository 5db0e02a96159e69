package view_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/view"
	"github.com/epitaph-go/epitaph/report"
)

func sample(t *testing.T, name string) *report.Report {
	t.Helper()
	text, err := os.ReadFile("../../report/testdata/" + name + ".crash")
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRuns folds what is between C and Go, and where the goroutine begins.
func TestRuns(t *testing.T) {
	r := sample(t, "real-null")
	v := view.New(r)
	var got []string
	for _, run := range v.Runs(r.Current().Frames) {
		if run.Folded {
			got = append(got, run.Label())
			continue
		}
		for _, f := range run.Frames {
			got = append(got, f.Title+" "+f.Place)
		}
	}
	want := []string{"crash_null_write crashes/pointers.c:23", "demo_caller places.c:28", "demo_middle places.c:43", "demo_outer places.c:38",
		"3 cgo frames", "main.decodeOne places.go:92", "main.each[...] places.go:87", "main.(*decoder).next places.go:80",
		"main.atCgo places.go:75", "main.run run.go:108", "main.command main.go:57", "main.main main.go:45", "2 runtime frames"}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	idle := 0
	for i := range r.Threads {
		if v.Idle(&r.Threads[i]) {
			idle += r.Threads[i].Count
		}
	}
	if idle != 9 {
		t.Errorf("%d threads are idle, want 9", idle)
	}
}

// TestRunsOfPanic folds what every panic has on top, up to the function that panicked.
func TestRunsOfPanic(t *testing.T) {
	r := sample(t, "real-panic")
	runs := view.New(r).Runs(r.Current().Frames)
	if len(runs) < 2 || !runs[0].Folded || runs[0].Label() != "5 runtime frames" || runs[1].Frames[0].Title != "main.serve" {
		t.Errorf("%+v", runs)
	}
}

func TestWaits(t *testing.T) {
	waits := view.New(sample(t, "real-deadlock")).Waits()
	if len(waits) != 1 || view.WaitLine(waits[0]) != "sync.Mutex.Lock, 2 times" || waits[0].Frames[0].Func != "main.transfer" {
		t.Errorf("%+v", waits)
	}
	if waits := view.New(sample(t, "real-null")).Waits(); len(waits) != 0 {
		t.Errorf("a crash waits: %+v", waits)
	}
}

// TestPlaces takes off what says nothing: Go's own directory, the module cache, the
// program's directory or, with -trimpath, its module.
func TestPlaces(t *testing.T) {
	r, err := report.Parse([]byte(`Fatal error: Aborted

Build: go1.26.8 linux/amd64, example.com/ingest v1.4.2

Current thread 0x00007f2e98091780 [a, 17] (most recent call first):
  File "/srv/ingest/native/a.c", line 3 in f
  File "/srv/ingest/b.c", line 4 in g
  File "/root/go/pkg/mod/example.org/x@v1.2.3/x.go", line 5 in example.org/x.F
  File "example.com/ingest/c.go", line 6 in example.com/ingest.G
  File "/usr/local/go/src/runtime/proc.go", line 7 in runtime.main
`))
	if err != nil {
		t.Fatal(err)
	}
	v := view.New(r)
	var got []string
	for _, f := range r.Current().Frames {
		got = append(got, v.Frame(f).Place)
	}
	if want := "native/a.c:3 b.c:4 example.org/x@v1.2.3/x.go:5 c.go:6 runtime/proc.go:7"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %s", got, want)
	}
	if text, whole := v.Completeness(); whole || !strings.Contains(text, "it stops before its end") {
		t.Errorf("%q, %v", text, whole)
	}
}

// TestWrongCount: bytes that were added or lost are counted in words that hold for both.
func TestWrongCount(t *testing.T) {
	text, err := os.ReadFile("../../report/testdata/real-null.crash")
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Parse([]byte(strings.Replace(string(text), "7793 bytes", "1 bytes", 1)))
	if err != nil {
		t.Fatal(err)
	}
	const want = "report incomplete: its end line counts 1 byte, here are 7793"
	if got, whole := view.New(r).Completeness(); whole || got != want {
		t.Errorf("%q, %v, want %q", got, whole, want)
	}
}
