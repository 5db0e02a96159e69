//go:build linux && amd64 && cgo

package goruntime

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/epitaph-go/epitaph/report"
)

// left are those that cannot be compared.
var left = map[string]string{
	"concurrentMapReadWrite":    "the runtime may or may not notice it",
	"concurrentMapWrites":       "the runtime may or may not notice it",
	"concurrentMapIterateWrite": "the runtime may or may not notice it",
	"GCPhys":                    "it measures the memory of the process",
	"CgoCallbackPprof":          "a profile of some milliseconds has the sample or not",

	"CgoExternalThreadSIGPROF": "it does not end when it is run for itself",

	"SimpleDeadlock":                 noDetector,
	"LockedDeadlock":                 noDetector,
	"LockedDeadlock2":                noDetector,
	"GoexitDeadlock":                 noDetector,
	"GoexitExit":                     noDetector,
	"GoexitInPanic":                  noDetector,
	"RecoveredPanicAfterGoexit":      noDetector,
	"RecoverBeforePanicAfterGoexit":  noDetector,
	"RecoverBeforePanicAfterGoexit2": noDetector,
}

const noDetector = "a program with cgo has no detector of deadlocks, and waits for ever"

// firstLines are those that end on one thread or another, or that print what lies on
// the stack: of their standard error the first line is compared.
var firstLines = []string{"SegvInCgo", "Segv", "TgkillSegvInCgo", "TgkillSegv", "BadTraceback", "GCZombie", "ThreadExhaustion"}

// traces are those that write a trace or numbers of goroutines to standard output.
var traces = []string{"Trace", "TraceSTW", "TraceGCSTW", "TracebackAncestors"}

// A difference is something that a program does otherwise with Epitaph, and that is
// meant to be.
type difference struct {
	program string
	names   []string
	modes   []string
	why     string
	check   func(m mode, got, want outcome) error
}

const (
	testprog    = "testprog"
	testprogcgo = "testprogcgo"
)

var enabled = []string{"1", "chain", "files"}

var differences = []difference{
	{testprogcgo, []string{"CrashTraceback", "TracebackSigpanic"}, []string{"1", "files"}, crashInC, diesOf("segmentation fault")},
	{testprogcgo, []string{"CrashTraceback", "TracebackSigpanic"}, []string{"chain"}, thenGo, reportsAndEndsAsBefore},
	{testprogcgo, []string{"Abort"}, []string{"1", "files"}, crashInC, diesOf("aborted")},
	{testprogcgo, []string{"Abort"}, []string{"chain"}, thenGo, reportsAndEndsAsBefore},
	{testprogcgo, []string{"SegvInCgo", "TgkillSegvInCgo"}, []string{"1", "files"}, sentByItself, diesOf("segmentation fault")},
	{testprogcgo, []string{"SegvInCgo", "TgkillSegvInCgo"}, []string{"chain"}, thenGo, reportsAndEndsAsBefore},
	{testprog, []string{"Segv", "TgkillSegv"}, []string{"1", "files"}, sentByItself, diesOf("segmentation fault")},
	{testprog, []string{"Segv", "TgkillSegv"}, []string{"chain"}, thenGo, reportsAndEndsAsBefore},
	{testprogcgo, []string{"CgoSigfwd GO_TEST_CGOSIGFWD=1"}, enabled, hostExits, reportsAndEndsAsBefore},
	{testprogcgo, []string{"CgoExecSignalMask"}, []string{"files"}, oneBox, endsAsBefore},
	{testprogcgo, []string{"CgoCallbackGC"}, enabled, registers, mayDiffer},
	{testprog, []string{"NumGoroutine"}, enabled, goroutines, endsAsBefore},
	{testprogcgo, []string{"NumGoroutine"}, enabled, goroutines, endsAsBefore},
	{testprog, []string{"SchedMetrics"}, enabled, goroutines, differs},
	{testprogcgo, []string{"NotInGoMetricCgoCall", "NotInGoMetricCgoCallback", "NotInGoMetricCgoCallAndCallback"}, enabled, waits, differs},
}

const (
	crashInC     = "a crash of C is reported, and the process dies of the signal instead of in Go's dump"
	sentByItself = "a fatal signal that the process sends to itself is reported, and the process dies of it"
	thenGo       = "a crash is reported, and then Go's handler has its turn"
	hostExits    = "a fault whose handler ends the process is not resolved, and is reported"
	oneBox       = "a child process cannot have the black box of its parent, and says so"
	registers    = "a thread of C that registers the provider of C frames ends in the first moments of main"
	goroutines   = "Epitaph has goroutines of its own"
	waits        = "a goroutine of Epitaph's waits in a system call"
)

// expected is the difference that is known of a program, or of its run in one environment;
// nil: there is none.
func expected(program, name, run, mode string) *difference {
	for i, d := range differences {
		if d.program == program && (slices.Contains(d.names, name) || slices.Contains(d.names, run)) && slices.Contains(d.modes, mode) {
			return &differences[i]
		}
	}
	return nil
}

// oneReport is an error unless there is one complete report, where the mode wants it.
func oneReport(m mode, got outcome) error {
	text := got.whole
	if m.dir {
		if len(got.files) != 1 {
			return fmt.Errorf("%d files with reports", len(got.files))
		}
		text = got.files[0]
	}
	scanner := report.NewScanner(strings.NewReader(text))
	if !scanner.Scan() {
		return errors.New("no report")
	}
	if r := scanner.Report(); !r.Complete() || !r.Intact() {
		return errors.New("the report is not complete")
	}
	return nil
}

func diesOf(signal string) func(m mode, got, want outcome) error {
	return func(m mode, got, want outcome) error {
		if got.end != "killed by "+signal || got.stdout != want.stdout {
			return fmt.Errorf("it was not killed by %s", signal)
		}
		return oneReport(m, got)
	}
}

func reportsAndEndsAsBefore(m mode, got, want outcome) error {
	if err := endsAsBefore(m, got, want); err != nil {
		return err
	}
	return oneReport(m, got)
}

func endsAsBefore(_ mode, got, want outcome) error {
	if got.end != want.end {
		return fmt.Errorf("it ended with %s", want.end)
	}
	if got.equal(want) {
		return errors.New("there is none any more")
	}
	return nil
}

// differs is for what counts goroutines, and says so in its output and status.
func differs(_ mode, got, want outcome) error {
	if got.equal(want) {
		return errors.New("there is none any more")
	}
	return nil
}

func mayDiffer(mode, outcome, outcome) error { return nil }
