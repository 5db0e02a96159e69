//go:build linux && (amd64 || arm64) && cgo

package ondemand

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

func TestExit(t *testing.T) {
	for _, line := range []string{"exit", "exit enable=1", "exit repeat=1", "exit-watchdog"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, line)
			o.Exited(t, 1)
			if o.Stdout != "" {
				t.Errorf("there was a clean-up: %q", o.Stdout)
			}
			all := dumps(t, o.Stderr)
			if len(all) != 1 {
				t.Fatalf("%d dumps:\n%s", len(all), o.Stderr)
			}
			// One of Go's threads waits in epoll_wait; it is not needed any more.
			if all[0].Answers.Spared != 0 {
				t.Errorf("threads were spared in a process that ends:\n%s", all[0])
			}
		})
	}
}

// The process ends when its dump has no reader, and when others wait to write
// theirs.
func TestExitFullPipe(t *testing.T) {
	for _, line := range []string{"", " blocking=1", " crowd=1", " blocking=1 crowd=1"} {
		t.Run("pipe"+line, func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, "exit-full-pipe"+line)
			o.Exited(t, 1)
			if o.Stdout+o.Stderr != "" || o.Elapsed < 500*time.Millisecond || o.Elapsed > 6*time.Second {
				t.Errorf("%v", o)
			}
		})
	}
}

// Nor does a signal keep a timer from its end, whose dump waits for another's,
// for a short time or a long one.
func TestExitBehindOthers(t *testing.T) {
	for _, line := range []string{"deadline=500ms", "deadline=30s", "deadline=30s watchdog=1"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, "exit-behind "+line)
			o.Exited(t, 1)
			if o.Stdout+o.Stderr != "" || o.Elapsed < time.Second || o.Elapsed > 12*time.Second {
				t.Errorf("%v", o)
			}
		})
	}
}

// A signal whose turn did not come in its time is reported by the next dump.
func TestSignalBehindOthers(t *testing.T) {
	t.Parallel()
	o := survive(t, "signal-behind")
	scanner := report.NewScanner(strings.NewReader(o.Stderr))
	if !scanner.Scan() || !scanner.Report().Complete() || scanner.Scan() ||
		!strings.Contains(o.Stderr, "Note: signal 10 came 1 more time during other dumps\n") {
		t.Errorf("not one dump, which reports the signal before: %v", o)
	}
}

// Only Unregister waits for dumps.
func TestUnregisterStuck(t *testing.T) {
	t.Parallel()
	survive(t, "unregister-stuck")
}

// A crash does not wait for a dump, nor suffers from one.
func TestCrashAmongDumps(t *testing.T) {
	n := 10
	if victim.Full {
		n = 200
	}
	for range n {
		o := program.Run(t, "crash-among-dumps")
		o.DiedOf(t, syscall.SIGSEGV)
		r := victim.Complete(t, o.Stderr)
		if current := r.Current(); current == nil || !has(current.Frames, []string{"exit_by_fault", "main.crashAmongDumps"}) {
			t.Errorf("not the crash:\n%s", r)
		}
		if r.Goroutines == nil || !r.Goroutines.Live {
			t.Errorf("the goroutines are %+v", r.Goroutines)
		}
	}
}

// A process that is dying of a crash dies of it.
func TestExitInCrash(t *testing.T) {
	t.Parallel()
	o := program.Run(t, "exit-in-crash")
	o.DiedOf(t, syscall.SIGSEGV)
	if o.Elapsed < 600*time.Millisecond {
		t.Errorf("it did not have its time: %v", o)
	}
}
