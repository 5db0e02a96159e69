//go:build linux && (amd64 || arm64) && cgo

package regress

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// The helper of a child does not poke its parent's dump, whose guard is on a stack
// that no thread of the child runs on.
func TestForkDuringADump(t *testing.T) {
	t.Parallel()
	o := program.Run(t, "fork_dump", victim.Env("GODEBUG=asyncpreemptoff=1"))
	o.Exited(t, wentOn)
	says(t, o, "child: status 0")
	if !strings.Contains(o.Stderr, "the world did not stop") {
		t.Errorf("the parent's dump waited for nothing: %v", o)
	}
}

// A child's dumper, which is there for a registered signal, leaves its parent's
// timers alone.
func TestForkLeavesTheParentsTimers(t *testing.T) {
	t.Parallel()
	o := program.Run(t, "fork_timer")
	o.Exited(t, wentOn)
	says(t, o, "child: status 0")
}

// The thread that forked is the child's only one, under another number. It keeps the
// alternate stack that its parent's helper gave it, or that it was born with, to its end.
func TestForkKeepsTheAlternateStack(t *testing.T) {
	for _, line := range []string{"fork_injected", "fork_end"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, line)
			o.Exited(t, wentOn)
			says(t, o, "child: status 0xb")
			r := victim.Complete(t, o.Stderr)
			first(t, r, "state_null")
			if r.Signal.Number != int(syscall.SIGSEGV) || !strings.Contains(o.Stderr, "in a forked child of process "+itoa(o.PID)) {
				t.Errorf("not the child's report:\n%s", r)
			}
		})
	}
}

// What a child ignores is ignored by the program that it executes, too.
func TestForkIgnores(t *testing.T) {
	for _, line := range []string{
		fmt.Sprintf("fork_ignore register=1 signal=%d", syscall.SIGHUP),
		fmt.Sprintf("fork_ignore signal=%d", syscall.SIGABRT),
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, line)
			says(t, o, "child: status 0")
			likePlain(t, o, program.Run(t, line+" off=1"))
		})
	}
}
