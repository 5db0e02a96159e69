//go:build linux && (amd64 || arm64) && cgo

package edges

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// What the handler may use of a stack, without the kernel's frame.
const stackLimit = 8 << 10

// used is the number in a line "used N".
func used(t *testing.T, o *victim.Outcome) int {
	t.Helper()
	o.Exited(t, 3)
	var n int
	if _, err := fmt.Sscanf(o.Stdout, "used %d", &n); err != nil || n <= 0 {
		t.Fatalf("standard output %q: %v", o.Stdout, err)
	}
	return n
}

// The reporter has a stack of its own.
func TestStackUseOfTheReporter(t *testing.T) {
	for kind, signal := range map[string]syscall.Signal{
		"null": syscall.SIGSEGV, "div": syscall.SIGFPE, "overflow": syscall.SIGSEGV, "raise_sys": syscall.SIGSYS,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			o := run(t, "stack_use hostfirst=false kind="+kind, signalSetting(signal))
			n := used(t, o)
			t.Logf("%d bytes", n)
			if n > stackLimit {
				t.Errorf("used %d bytes of the reporter's stack, want at most %d", n, stackLimit)
			}
			victim.Complete(t, o.Stderr)
		})
	}
}

// What is used of the thread's own alternate stack below the kernel's frame, up
// to and with a small handler of the host's: little enough for the 8 KiB that
// some libraries set up, kernel's frame included.
func TestStackUseOfTheThread(t *testing.T) {
	for _, size := range []int{8 << 10, 16 << 10, 64 << 10} {
		for _, first := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d/hostfirst=%v", size, first), func(t *testing.T) {
				t.Parallel()
				o := run(t, fmt.Sprintf("small_stack host=skip hostfirst=%v size=%d", first, size))
				n := used(t, o)
				t.Logf("%d bytes", n)
				if n > stackLimit {
					t.Errorf("used %d bytes of the alternate stack, want at most %d", n, stackLimit)
				}
				if first {
					victim.NoReport(t, o.Stderr)
				} else {
					victim.Complete(t, o.Stderr)
				}
			})
		}
	}
}

func TestCrashOnSmallAlternateStack(t *testing.T) {
	for kind, signal := range map[string]syscall.Signal{
		"null": syscall.SIGSEGV, "overflow": syscall.SIGSEGV, "abort": syscall.SIGABRT, "int3": syscall.SIGTRAP,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			o := run(t, fmt.Sprintf("small_stack size=%d kind=%s", 8<<10, kind))
			o.DiedOf(t, signal)
			victim.Complete(t, o.Stderr)
		})
	}
}

func TestStackOverflow(t *testing.T) {
	for _, line := range []string{
		"crash place=cgo", "crash place=goroutine", "crash place=callback", "crash place=thread", "late_thread",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			o := run(t, line+" kind=overflow")
			o.DiedOf(t, syscall.SIGSEGV)
			r := victim.Complete(t, o.Stderr)
			if !strings.HasPrefix(r.Signal.Cause, "stack overflow: ") {
				t.Errorf("the cause is %q", r.Signal.Cause)
			}
		})
	}
}

// A thread that is older than Enable is given an alternate stack soon after it,
// without which the kernel would kill in silence when the thread's own is used
// up.
func TestThreadOlderThanEnable(t *testing.T) {
	t.Parallel()
	o := run(t, "early_thread kind=null")
	o.DiedOf(t, syscall.SIGSEGV)
	shows(t, victim.Complete(t, o.Stderr), "crash_null", "victim_call", "early_main")

	o = run(t, "early_thread kind=overflow")
	o.DiedOf(t, syscall.SIGSEGV)
	if r := victim.Complete(t, o.Stderr); !strings.HasPrefix(r.Signal.Cause, "stack overflow: ") {
		t.Errorf("the cause is %q", r.Signal.Cause)
	}
}

// Every thread gets an alternate stack, and gives it back.
func TestShortThreadsLeaveNoMappings(t *testing.T) {
	t.Parallel()
	o := run(t, "short_threads threads=10000")
	o.Exited(t, 3)
	var before, most, after int
	if _, err := fmt.Sscanf(o.Stdout, "mappings before %d, at the end %d, after %d", &before, &most, &after); err != nil {
		t.Fatalf("standard output %q: %v", o.Stdout, err)
	}
	// A stack with its guards is three mappings. A few are Go's, which makes
	// threads when it likes.
	if after > before+10 {
		t.Errorf("%d mappings before and %d after (%d at the end of the last thread)", before, after, most)
	}
	t.Logf("%d mappings before, %d at the end of the last thread, %d after", before, most, after)
}
