//go:build linux

package victim

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// An Outcome is how a child ended.
type Outcome struct {
	Status         syscall.WaitStatus
	Elapsed        time.Duration
	Stdout, Stderr string
	PID            int
	Hung           bool // it had to be killed at its limit
	Left           bool // it left a process behind, which kept its output open
}

// End is the end in words.
func (o *Outcome) End() string {
	switch {
	case o.Hung:
		return "hung"
	case o.Status.Signaled():
		return "killed by " + o.Status.Signal().String()
	}
	return fmt.Sprintf("exit status %d", o.Status.ExitStatus())
}

// String is the end and the output, of which the middle is left out if it is long.
func (o *Outcome) String() string {
	return fmt.Sprintf("%s after %v; standard output:\n%s\nstandard error:\n%s",
		o.End(), o.Elapsed.Round(time.Millisecond), ends(o.Stdout, 1000), ends(o.Stderr, 6000))
}

// ends are the first and the last n bytes of a text.
func ends(text string, n int) string {
	if left := len(text) - 2*n; left > 0 {
		return fmt.Sprintf("%s\n[%d bytes]\n%s", text[:n], left, text[len(text)-n:])
	}
	return text
}

// IsDeath reports whether the child died of a signal.
func (o *Outcome) IsDeath(signal syscall.Signal) bool {
	return !o.Hung && o.Status.Signaled() && o.Status.Signal() == signal
}

// IsExit tells whether the child exited with a status.
func (o *Outcome) IsExit(status int) bool {
	return !o.Hung && o.Status.Exited() && o.Status.ExitStatus() == status
}

// DiedOf fails the test unless the child died of a signal.
func (o *Outcome) DiedOf(t testing.TB, signal syscall.Signal) {
	t.Helper()
	if !o.IsDeath(signal) {
		t.Errorf("want death by %v: %v", signal, o)
	}
}

// Exited fails the test unless the child exited with a status.
func (o *Outcome) Exited(t testing.TB, status int) {
	t.Helper()
	if !o.IsExit(status) {
		t.Errorf("want exit status %d: %v", status, o)
	}
}

// Reports are those of crashes in a text that may hold other output too. The test
// fails unless each has an end line and prints as it was parsed.
func Reports(t testing.TB, text string) []*report.Report {
	t.Helper()
	if begin, end := strings.Count(text, "Fatal error: ")+strings.Count(text, "Fatal Go error: "), strings.Count(text, "End of report ("); begin != end {
		t.Errorf("%d reports begin and %d end in:\n%s", begin, end, text)
	}
	var all []*report.Report
	scanner := report.NewScanner(strings.NewReader(text))
	for scanner.Scan() {
		r := scanner.Report()
		if r.Kind != report.Crash {
			continue // Go's own output has lines of this kind
		}
		if !strings.Contains(text, r.String()) {
			t.Errorf("the report does not print as it was parsed; text:\n%s\nprinted:\n%s", text, r)
		}
		all = append(all, r)
	}
	if err := scanner.Err(); err != nil {
		t.Errorf("scanning for reports: %v", err)
	}
	return all
}

// Report is the one report in a text. The test fails, and ends, if there is
// another number of them.
func Report(t testing.TB, text string) *report.Report {
	t.Helper()
	all := Reports(t, text)
	if len(all) != 1 {
		t.Fatalf("%d reports, want 1, in:\n%s", len(all), text)
	}
	return all[0]
}

// Complete is the one report in a text; the test fails if anything is missing from
// it, or is not understood.
func Complete(t testing.TB, text string) *report.Report {
	t.Helper()
	r := Report(t, text)
	if !r.Complete() || !r.Intact() || len(r.StageFailures) > 0 || len(r.Unknown) > 0 {
		t.Errorf("not a complete report (complete %v, intact %v, failures %v, unknown %v):\n%s",
			r.Complete(), r.Intact(), r.StageFailures, r.Unknown, text)
	}
	return r
}

// NoReport fails the test if there is a report in a text.
func NoReport(t testing.TB, text string) {
	t.Helper()
	if all := Reports(t, text); len(all) != 0 {
		t.Errorf("a report where there should be none:\n%s", text)
	}
}
