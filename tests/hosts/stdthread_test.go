//go:build linux && amd64 && cgo

package hosts

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

var stdThread = &victim.Program{Name: "stdthread", Build: []string{"./stdthread"}, Limit: limit}

// A stack overflow on a std::thread has a complete report, at once and whatever the thread has
// waited in before.
func TestStdThread(t *testing.T) {
	calls := []string{"none", "sleep_for", "wait", "wait_for", "read", "poll", "epoll_wait", "none, busy"}
	for how, call := range calls {
		if how > 0 && !victim.Full {
			break
		}
		rounds := victim.Rounds(20)
		if how == 0 {
			rounds = victim.Rounds(100)
		}
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			for range rounds {
				o := stdThread.Run(t, fmt.Sprint(how), victim.Env("EPITAPH=1"))
				o.DiedOf(t, syscall.SIGSEGV)
				r := victim.Complete(t, o.Stderr)
				if r.Signal == nil || !strings.Contains(r.Signal.Cause, "stack overflow") || !strings.Contains(o.Stderr, "recurse") {
					t.Errorf("not the report of a stack overflow: %v", o)
				}
			}
		})
	}
}
