//go:build linux && (amd64 || arm64) && cgo

package threads

import (
	"strconv"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// What is pending survives execve, its handler does not: no signal of a dump's may kill
// the program that the thread goes on as.
func TestNothingIsPendingAfterExec(t *testing.T) {
	dumps, out := survive(t, "exec")
	if len(dumps) != 1 || dumps[0].Answers.Blocked != 1 {
		t.Errorf("the thread is not said to block the signal: %v", out)
	}
	if n, ok := numbers(t, out)["pending"]; !ok || n != 0 {
		t.Errorf("%d signals are pending in the new program: %v", n, out)
	}
}

// A library may set signals back that it has not set. One without a handler is not
// sent.
func TestSignalWithoutItsHandlerIsNotSent(t *testing.T) {
	_, out := survive(t, "reset 4")
	if numbers(t, out)["alive"] != 1 {
		t.Error(out)
	}
}

// A thread that blocks every signal and takes them by sigtimedwait gets none of the core's.
func TestMaskedThreadIsNotAsked(t *testing.T) {
	for name, seconds := range map[string]int{"for a dump": 0, "for a stack": 4} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dumps, out := survive(t, "take "+strconv.Itoa(seconds))
			if n, ok := numbers(t, out)["taken"]; !ok || n != 0 {
				t.Errorf("the thread was given signal %d: %v", n, out)
			}
			if seconds == 0 && (len(dumps) != 1 || dumps[0].Answers.Blocked != 1) {
				t.Errorf("the thread is not said to block the signal: %v", out)
			}
		})
	}
}

// No thread that pthread_create has made is asked for anything: not one call ends with
// EINTR.
func TestHealthyThreadsAreNotInterrupted(t *testing.T) {
	rounds := 2
	if victim.Full {
		rounds = 10
	}
	_, out := survive(t, "polls "+strconv.Itoa(rounds))
	if n, ok := numbers(t, out)["interrupted"]; !ok || n != 0 {
		t.Errorf("%d calls of poll were interrupted", n)
	}
}

// A thread whose system call the question has ended goes on when the report is written,
// since the crash hook may need it.
func TestLastActNeedsAThread(t *testing.T) {
	_, out := crash(t, "work 5000")
	if numbers(t, out)["done"] != 1 {
		t.Errorf("the thread did nothing: %v", out)
	}
}

// A filter that traps system calls does so on the core's own threads, too.
func TestServiceThreadsAreTrapped(t *testing.T) {
	_, out := survive(t, "trap 3")
	if numbers(t, out)["alive"] != 1 {
		t.Error(out)
	}
}

// A seccomp filter that the program puts up later may kill it for calls of the helper's.
func TestSeccompFilterEndsListing(t *testing.T) {
	_, out := survive(t, "list 3")
	if numbers(t, out)["alive"] != 1 {
		t.Error(out)
	}
}

// A thread that gives no occasion to be asked is looked at less and less often: within 12
// seconds after about 0, 1, 3 and 7.
func TestThreadIsLookedAtLessOften(t *testing.T) {
	t.Parallel()
	_, out := survive(t, "looks 12")
	if n := numbers(t, out)["looks"]; n < 2 || n > 6 {
		t.Errorf("it was looked at %d times: %v", n, out)
	}
}
