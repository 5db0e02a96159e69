package crashtest

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/report"
	"github.com/epitaph-go/epitaph/report/html"
)

// A Result is what became of a process. Its methods compare it with what is expected,
// fail the test where it is something else, and go on, so that one run shows all.
type Result struct {
	Report         *report.Report // resolved; never nil, empty without a report
	State          *os.ProcessState
	Returned       bool   // the function has returned
	TimedOut       bool   // the process hung; Report is a dump, if there is one
	Stdout, Stderr []byte // of the process; Stderr is without the report
	Elapsed        time.Duration

	t         *testing.T
	goexit    bool
	ownFrames bool // the function is one that Run has called
	compiler  string
	saved     string // where the report was saved
}

// A crash counts before a dump that the program may have made on its way.
func better(a, b *report.Report) bool {
	rank := func(r *report.Report) int {
		return slices.Index([]report.Kind{report.Dump, report.Timeout, report.Crash}, r.Kind)
	}
	return b == nil || rank(a) > rank(b)
}

// takeReports keeps the report in a text, and returns the text without it.
func (r *Result) takeReports(text []byte) []byte {
	var best *report.Report
	if r.Report != nil && r.Report.End != nil {
		best = r.Report
	}
	var taken [][]byte
	for s := report.NewScanner(bytes.NewReader(text)); s.Scan(); {
		if found := s.Report(); better(found, best) {
			best = found
		}
		if s.Report().Kind != report.Dump {
			taken = append(taken, []byte(s.Report().String()))
		}
	}
	if best == nil {
		best = new(report.Report)
	}
	r.Report = best
	for _, t := range taken {
		text = bytes.Replace(text, t, nil, 1)
	}
	return text
}

// resolver has the symbols of the modules for all tests: to read them takes longer than
// to run most functions.
var resolver = report.NewResolver()

// resolve reads the names that the child has left out. A module whose file is gone keeps
// its addresses, and the failure shows them.
func (r *Result) resolve() {
	r.t.Helper()
	if !r.hasReport() {
		return
	}
	resolver.Resolve(r.Report)
	if r.ownFrames {
		for i := range r.Report.Modules {
			r.Report.Modules[i].Symbols = "" // the child has kept none, to be quick
		}
	}
	r.t.Attr("crash.signature", r.Report.Signature())
	r.t.Attr("crash.summary", r.Report.Summary())
}

func (r *Result) hasReport() bool {
	return r.Report.Signal != nil || len(r.Report.Threads) > 0 || len(r.Report.GoroutineGroups) > 0 || r.Report.Headline != ""
}

// status is the end as the kernel saw it.
func (r *Result) status() string {
	if r.State == nil {
		return "not started"
	}
	if s, ok := r.State.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		return signalName(s.Signal())
	}
	return fmt.Sprintf("exit %d", r.State.ExitCode())
}

var goDeath = regexp.MustCompile(`(?m)^(?:panic|fatal error): .*`)

// end is how the process ended, in the words of a pattern: what, and why.
func (r *Result) end() (what, why string) {
	status := r.status()
	switch {
	case r.TimedOut:
		return "hang", ""
	case strings.HasPrefix(status, "SIG"):
		return status, r.cause()
	case status == "exit 2" && r.Report.Kind == report.Crash && r.Report.Signal != nil && r.Report.GoText == nil:
		// Go has ended it behind the report: because it did not answer in time, or by
		// handler.WithChain.
		return r.Report.Signal.Name, r.cause()
	case status == "exit 2":
		headline := r.Report.Headline
		if headline == "" {
			headline = string(goDeath.Find(r.Stderr))
		}
		for _, kind := range []string{"panic", "fatal error"} {
			if text, ok := strings.CutPrefix(headline, kind+": "); ok {
				return kind, text
			}
		}
		if r.Report.GoText != nil {
			return "fatal error", headline
		}
	case status == "exit 0" && r.Returned:
		return "ok", ""
	case status == "exit 0" && r.goexit:
		return "goexit", ""
	}
	return status, ""
}

// cause is why a signal came. What libc said before it aborted tells more than that
// the process has sent the signal itself.
func (r *Result) cause() string {
	switch {
	case len(r.Report.Messages) > 0 && r.Report.Signal != nil && r.Report.Signal.Name == "SIGABRT":
		return r.Report.Messages[0]
	case r.Report.Signal != nil:
		return r.Report.Signal.Cause
	}
	return ""
}

// causes are all words that there are for it.
func (r *Result) causes() []string {
	_, why := r.end()
	list := append([]string{why, r.Report.Headline}, r.Report.Messages...)
	if r.hasReport() {
		list = append(list, r.Report.Summary())
	}
	if s := r.Report.Signal; s != nil {
		list = append(list, s.Cause, s.CodeName)
	}
	for _, text := range []*report.Text{r.Report.GoText, r.Report.Panic} {
		if text != nil {
			list = append(list, strings.Join(text.Lines, "\n"))
		}
	}
	for _, s := range slices.Clone(list) {
		list = append(list, zeroes.ReplaceAllString(s, "0x$1"))
	}
	return list
}

var zeroes = regexp.MustCompile(`\b0x0+([0-9a-f])`)

// save puts the report where go test -artifacts keeps it, as text and as a page, once.
func (r *Result) save() string {
	if r.saved != "" || !r.hasReport() {
		return r.saved
	}
	if f := flag.Lookup("test.artifacts"); f == nil || f.Value.String() != "true" {
		return ""
	}
	dir := r.t.ArtifactDir()
	r.saved = filepath.Join(dir, "crash.txt")
	err := os.WriteFile(r.saved, []byte(r.Report.String()), 0o666)
	var page bytes.Buffer
	if err == nil {
		err = html.Write(&page, r.Report)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "crash.html"), page.Bytes(), 0o666)
	}
	if err != nil {
		r.t.Errorf("crashtest: %v", err)
	}
	return r.saved
}

// ends are the beginning and the end of what a process has written: Go says first why it
// has died.
func ends(text []byte) string {
	const most = 2000
	if left := len(text) - 2*most; left > 0 {
		return fmt.Sprintf("%s\n[%d bytes left out]\n%s", text[:most], left, text[len(text)-most:])
	}
	return string(text)
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ")
}
