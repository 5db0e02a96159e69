//go:build linux && amd64 && cgo

package ondemand

import (
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
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
			if all := dumps(t, o.Stderr); len(all) != 1 {
				t.Errorf("%d dumps:\n%s", len(all), o.Stderr)
			}
		})
	}
}

// The process ends when nobody reads its dump, and when others wait to write
// theirs.
func TestExitFullPipe(t *testing.T) {
	for _, line := range []string{"", " blocking=1", " crowd=1", " blocking=1 crowd=1"} {
		t.Run("pipe"+line, func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, "exit-full-pipe"+line)
			o.Exited(t, 1)
			if o.Stdout != "" || o.Elapsed < 500*time.Millisecond || o.Elapsed > 6*time.Second {
				t.Errorf("%v", o)
			}
		})
	}
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
