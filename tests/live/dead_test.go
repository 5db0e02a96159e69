//go:build linux && (amd64 || arm64) && cgo

package live

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// checkUnanswered checks that the report says which way Go did not answer, has
// the newest snapshot with its age instead, and everything else.
func checkUnanswered(t *testing.T, r *report.Report, reasons ...string) {
	t.Helper()
	if g := r.Goroutines; g.Live || g.Unknown || g.Count == 0 || g.Age.Duration <= 0 || !slices.Contains(reasons, g.Reason) {
		t.Errorf("%+v, want a snapshot and one of the reasons %q", *g, reasons)
	}
	if r.Current() == nil || len(r.Registers) == 0 || len(r.Modules) == 0 {
		t.Error("the rest of the report is missing")
	}
}

const (
	noP    = "Go did not answer"
	noStop = "the world did not stop"
)

// A goroutine that nothing can stop: Go's own dump, which needs no P, takes the
// place of the report's.
func TestWorldThatCannotStop(t *testing.T) {
	const off = "GODEBUG=asyncpreemptoff=1"
	var stopping atomic.Int32
	t.Cleanup(func() {
		if stopping.Load() == 0 {
			t.Errorf("no report says that %s", noStop)
		}
	})
	for _, place := range everywhere {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			r, o := crash(t, plain, "crash hard=1 delay=100 place="+place, off, "GOMAXPROCS=4")
			// Where other processes take the machine, the goroutine that would
			// stop the world may not come to run in time.
			checkUnanswered(t, r, noStop, noP)
			if r.Goroutines.Reason == noStop {
				stopping.Add(1)
			}
			if took(r) < 2*time.Second || took(r) > 4*time.Second {
				t.Errorf("took %v", took(r))
			}
			if place == "thread" {
				if o.Status.Signal() != syscall.SIGSEGV {
					t.Error(o)
				}
			} else if o.Status.ExitStatus() != 2 || !strings.Contains(o.Stderr[strings.Index(o.Stderr, "End of report"):], "goroutine 1 ") {
				t.Errorf("Go's dump is not there: %s", o)
			}
		})
	}
	t.Run("every P", func(t *testing.T) {
		t.Parallel()
		r, _ := crash(t, plain, "crash hard=8 delay=1000 place=thread", off, "GOMAXPROCS=2")
		checkUnanswered(t, r, noP, noStop)
	})
	// The deadline of the whole report leaves less time.
	t.Run("short deadline", func(t *testing.T) {
		t.Parallel()
		r, _ := crash(t, plain, "crash hard=1 delay=100 place=thread deadline=1s", off, "GOMAXPROCS=4")
		checkUnanswered(t, r, noStop, noP)
		if took(r) > time.Second {
			t.Errorf("took %v", took(r))
		}
	})
}

// A thread that crashes while it runs Go code keeps its P, which is known, so
// that is not waited for long.
func TestCrashInGo(t *testing.T) {
	r, o := crash(t, plain, "crash parked=10 place=go")
	checkUnanswered(t, r, noStop)
	if took(r) > 1500*time.Millisecond || o.Status.Signal() != syscall.SIGBUS {
		t.Errorf("took %v: %s", took(r), o)
	}
}

// Go comes across damage of its heap while it lists its goroutines, or not; the
// report is complete in any case. But Go works on, and may find the damage on
// another thread at the same time: then it ends the process its own way, as it
// would without Epitaph, in the middle of the report or before it: with exit(2),
// or by a signal where it has lost its own stack. And where its handler of another
// signal faults, in which all signals are blocked, the kernel ends the process
// without a handler. So a run ends with a whole report and by its signal, or with Go's
// words and by Go, or by SIGSEGV; and only most of them with a whole report.
func TestDamagedHeap(t *testing.T) {
	sizes := []string{"64", "1024", "8192"}
	if victim.Full {
		sizes = slices.Repeat(sizes, 30)
	}
	whole, silent, all := 0, 0, 0
	for _, size := range sizes {
		for _, place := range []string{"cgo", "thread"} {
			o := plain.Run(t, "crash parked=1000 damage="+size+" place="+place)
			name := size + "/" + place
			all++
			// Parking the goroutines, and the deadline, on a busy machine.
			if o.Elapsed > 15*time.Second {
				t.Errorf("%s took %v", name, o.Elapsed)
			}
			spoke := goSpoke.MatchString(o.Stderr)
			if !strings.Contains(o.Stderr, "\nEnd of report (complete, ") {
				if !spoke && !o.IsDeath(syscall.SIGSEGV) {
					t.Errorf("%s: neither a whole report nor Go's own end: %s", name, o)
				}
				t.Logf("%s: Go was first: %s", name, o.End())
				continue
			}
			whole++
			if !o.IsDeath(syscall.SIGSEGV) {
				t.Errorf("%s: a report, and another end: %s", name, o)
			}
			if spoke { // in between
				t.Logf("%s: Go died, too", name)
				continue
			}
			silent++
			r, _ := reportIn(t, o)
			if g := r.Goroutines; g.Live {
				checkPlaces(t, r, 1000, "chan receive")
			} else if g.Count == 0 || g.Age.Duration <= 0 || g.Reason == "" {
				t.Errorf("%s: neither live nor a snapshot: %+v", name, *g)
			}
			t.Logf("%s: %+v", name, *r.Goroutines)
		}
	}
	t.Logf("%d of %d reports are whole, %d of them without a word of Go's", whole, all, silent)
	least := all / 2 // few runs may be unlucky ones
	if victim.Full {
		least = all * 4 / 5
	}
	if whole < least {
		t.Errorf("%d of %d reports are whole", whole, all)
	}
}

// goSpoke finds what Go says when it dies. A report has goroutines as well, but
// with a capital or in the middle of a line.
var goSpoke = regexp.MustCompile(`(?m)^(fatal error: |fatal: |runtime: |runtime stack:|goroutine \d+ )`)

func TestTroubleInTheResponder(t *testing.T) {
	for trouble, reason := range map[string]string{
		"panic": "Go failed to list them",
		"nil":   "Go failed to list them",
		"fatal": "Go is ending the process",
		"hang":  noP,
	} {
		t.Run(trouble, func(t *testing.T) {
			t.Parallel()
			r, o := crash(t, plain, "crash place=thread trouble="+trouble)
			checkUnanswered(t, r, reason)
			if o.Status.Signal() != syscall.SIGSEGV {
				t.Error(o)
			}
		})
	}
}

// What Go answers is looked at before it becomes a part of the report.
func TestForgedAnswers(t *testing.T) {
	for i := range 7 {
		r, o := crash(t, plain, fmt.Sprintf("crash place=thread trouble=forge forged=%d", i))
		checkUnanswered(t, r, "what Go answered is damaged", "Go failed to list them")
		if len(r.Unknown) > 0 || !r.Intact() {
			t.Errorf("answer %d: unknown lines %v: %s", i, r.Unknown, o)
		}
	}
}

func TestLeaks(t *testing.T) {
	o := plain.Run(t, "leak")
	lines := strings.Split(strings.TrimSpace(o.Stdout), "\n")
	if len(lines) != 10 {
		t.Fatal(o)
	}
	// The first ten rounds start what stays: the core's thread, and threads of
	// Go's for the goroutines.
	var first, last [3]int
	scan(t, lines[1], first[:])
	scan(t, lines[9], last[:])
	// What leaks does so once a round. Disable does not wait for a module that is being read: the goroutines that
	// read symbols may outlive it by a moment, and those of a few rounds wait for each other then.
	const rounds = 80
	if last[0] > first[0]+rounds/2 || last[1] > first[1] || last[2] > first[2]+2 {
		t.Errorf("goroutines, descriptors, threads were %v after 20 rounds and %v after 100", first, last)
	}
}
