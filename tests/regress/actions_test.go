//go:build linux && (amd64 || arm64) && cgo

package regress

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// A virtual machine that is loaded after Enable needs its handler for its own
// faults: a dump leaves it in place, and has none of its own meanwhile.
func TestDumpLeavesALateHandler(t *testing.T) {
	for _, line := range []string{"late_host", "late_host quiet=1"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			dumpLeavesALateHandler(t, line)
		})
	}
}

func dumpLeavesALateHandler(t *testing.T, line string) {
	t.Helper()
	o := program.Run(t, line)
	o.Exited(t, wentOn)
	says(t, o, "late handler: 1", "late handler: 2", "late handler: 3")
	likePlain(t, &victim.Outcome{Status: o.Status, Stdout: o.Stdout}, program.Run(t, "late_host off=1"))
	dumps := 0
	for scanner := report.NewScanner(strings.NewReader(o.Stderr)); scanner.Scan(); dumps++ {
		if r := scanner.Report(); !r.Complete() || r.Answers == nil || r.Answers.Answered < 2 {
			t.Errorf("dump %d: %s", dumps, r)
		}
	}
	if dumps < 3 {
		t.Errorf("%d dumps: %s", dumps, o)
	}
}

// A handler that was there before Go's gets the faults in C from Go.
func TestHandlerFromBeforeGo(t *testing.T) {
	for _, early := range []string{"repair", "jump"} {
		t.Run(early, func(t *testing.T) {
			t.Parallel()
			env := victim.Env("VICTIM_EARLY=" + early)
			o := program.Run(t, "early", env)
			o.Exited(t, wentOn)
			says(t, o, "early handler: 1", "early handler: 2", "early handler: 3",
				"a nil pointer: runtime error: invalid memory address or nil pointer dereference")
			likePlain(t, o, program.Run(t, "early off=1", env))
		})
	}
}

// A registered signal does not walk the stack where a handler that came late would take
// a failed load for a fault of the program's.
func TestRegisteredSignalLeavesALateHandler(t *testing.T) {
	t.Parallel()
	o := program.Run(t, "late_host_signal")
	o.Exited(t, wentOn)
	says(t, o, "late handler: 1", "late handler: 2", "late handler: 3")
	dumps := 0
	for scanner := report.NewScanner(strings.NewReader(o.Stderr)); scanner.Scan(); dumps++ {
		r := scanner.Report()
		current := r.Current()
		if !r.Complete() || current == nil || len(current.Frames) != 2 || !strings.Contains(current.Frames[1].Reason, "something else handles SIGSEGV") {
			t.Errorf("dump %d: %s", dumps, r)
		}
	}
	if dumps < 2 { // the third may be counted only
		t.Errorf("%d dumps: %s", dumps, o)
	}
}

// A dump needs no handlers but those of loads, and brings back none that the program
// has taken away, nor does Enable forget that it was.
func TestActionThatTheProgramHasSet(t *testing.T) {
	for line, plain := range map[string]string{
		"action ignore=1 first=enable then=dump": "action ignore=1",
		"action ignore=1 first=dump then=dump":   "action ignore=1",
		"action ignore=1 first=dump then=enable": "action ignore=1",
		"action ignore=0 first=dump then=dump":   "action ignore=0",
		"action ignore=0 first=dump then=enable": "action ignore=0",
	} {
		for _, signal := range []syscall.Signal{syscall.SIGSEGV, syscall.SIGTRAP, syscall.SIGABRT} {
			t.Run(line+" "+signal.String(), func(t *testing.T) {
				t.Parallel()
				number := " signal=" + itoa(int(signal))
				o := program.Run(t, line+number)
				likePlain(t, o, program.Run(t, plain+number))
				if reported := strings.Contains(o.Stderr, "Fatal error: "); reported != (strings.HasPrefix(plain, "action ignore=0") && strings.HasSuffix(line, "then=enable")) {
					t.Errorf("reported: %v: %v", reported, o)
				}
			})
		}
	}
}

// One handler in front of ours, which it calls, and ours taken out and put in
// again: the two must not call each other.
func TestHandlersInACircle(t *testing.T) {
	t.Parallel()
	o := program.Run(t, "circle")
	o.Exited(t, wentOn)
	likePlain(t, o, program.Run(t, "circle off=1"))
	o = program.Run(t, "circle then=crash")
	likePlain(t, o, program.Run(t, "circle then=crash off=1"))
	victim.Complete(t, o.Stderr)
}

func TestNotifiedSignalFromOneself(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL,
		syscall.SIGABRT, syscall.SIGTRAP, syscall.SIGSYS} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			line := fmt.Sprintf("kill_self signal=%d", signal)
			o := program.Run(t, line)
			says(t, o, "got "+signal.String())
			victim.NoReport(t, o.Stderr)
			likePlain(t, o, program.Run(t, line+" off=1"))
		})
	}
}

// What Go's runtime wants while the core has the signal comes true when that gives it
// back: with a restorer, without which the kernel kills instead.
func TestNotifyAgain(t *testing.T) {
	for _, line := range []string{
		fmt.Sprintf("notify_again signal=%d", syscall.SIGABRT),
		fmt.Sprintf("notify_again register=1 signal=%d", syscall.SIGUSR1),
		fmt.Sprintf("notify_again register=1 signal=%d", syscall.SIGTSTP),
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, line)
			o.Exited(t, wentOn)
			likePlain(t, o, program.Run(t, line+" off=1"))
		})
	}
}

// What Go has found there when it took a signal over is where it sends the signal on that
// it does not handle any more: it must not be the core's handler, which calls Go's.
func TestStopAfterUnregister(t *testing.T) {
	t.Parallel()
	line := fmt.Sprintf("stop_late signal=%d", syscall.SIGHUP)
	nohup := victim.Under("sh", "-c", `trap "" HUP; exec "$0" "$@"`) // not every busybox has nohup
	o := program.Run(t, line, nohup)
	o.Exited(t, wentOn)
	likePlain(t, o, program.Run(t, line+" off=1", nohup))

	line = fmt.Sprintf("stop_late ignore=1 signal=%d", syscall.SIGTERM)
	o = program.Run(t, line)
	o.DiedOf(t, syscall.SIGTERM)
	likePlain(t, o, program.Run(t, line+" off=1"))
}

// A C library that has a signal ignored for a while puts back what was there.
func TestIgnoredForAWhile(t *testing.T) {
	for _, number := range []syscall.Signal{syscall.SIGABRT, syscall.SIGINT} {
		line := fmt.Sprintf("signal=%d", number)
		if number != syscall.SIGABRT {
			line += " register=1"
		}
		t.Run(number.String(), func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, "ignored_a_while "+line)
			says(t, o, "got "+number.String())
			likePlain(t, o, program.Run(t, "ignored_a_while "+line+" off=1"))
			likePlain(t, program.Run(t, "ignored_always "+line), program.Run(t, "ignored_always "+line+" off=1"))
		})
	}
}

// A handler may be calling what was there before while that changes. Not in parallel: it
// keeps two processors busy.
func TestIgnoredAgainAndAgain(t *testing.T) {
	o := program.Run(t, "ignored_again_and_again")
	o.Exited(t, wentOn)
	likePlain(t, o, program.Run(t, "ignored_again_and_again off=1"))
}

// A C library sets the default action with the flags that its handlers have.
func TestDefaultActionOfALibrary(t *testing.T) {
	for _, number := range []syscall.Signal{syscall.SIGABRT, syscall.SIGUSR1} {
		t.Run(number.String(), func(t *testing.T) {
			t.Parallel()
			line := fmt.Sprintf("default_action signal=%d", number)
			if number == syscall.SIGUSR1 {
				line += " register=1 keep=1"
			}
			o := program.Run(t, line)
			o.DiedOf(t, number)
			likePlain(t, o, program.Run(t, line+" off=1"))
		})
	}
}

// Go takes over SIGABRT, which the core has, and raises it to die of it.
func TestPanicNotified(t *testing.T) {
	for _, level := range []string{"single", "crash"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			env := victim.Env("GOTRACEBACK=" + level)
			likePlain(t, program.Run(t, "notify_panic", env), program.Run(t, "notify_panic off=1", env))
		})
	}
}
