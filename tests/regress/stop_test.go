//go:build linux && (amd64 || arm64) && cgo

package regress

import (
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// A process that is stopped in the middle of a report, for longer than any of its threads would
// wait, goes on with it: the time does not count for the owner, for those that crash
// meanwhile, nor for one that wants to end the process. Nor does it where the process is stopped
// as soon as the first line can be read, at any time of the helper thread's second of sleep.
func TestStoppedDuringACrash(t *testing.T) {
	const deadline = time.Second
	states := []string{"crowd", "leaving"}
	for range 10 {
		states = append(states, "null")
	}
	for _, state := range states {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			r, w := victim.OnePage(t)
			c := program.Start(t, state+" fd=3 deadline="+deadline.String(), victim.Inherit(w), victim.Talk)
			victim.AwaitText(t, r, limit)
			switch state {
			case "crowd":
				await(t, c, "seven parked threads", func() bool { return len(polling(c, "0x0")) >= 7 })
			case "leaving":
				tell(t, c)
				await(t, c, "one that waits in exit", func() bool { return len(polling(c, "0x0")) >= 1 })
			}
			c.Stop()
			time.Sleep(2*deadline + 2*time.Second)
			c.Continue()
			// What is parked, or leaves, has its look while the reader waits.
			time.Sleep(100 * time.Millisecond)
			text := drain(r, w)
			o := c.Wait()
			o.DiedOf(t, syscall.SIGSEGV)
			victim.Complete(t, text())
		})
	}
}
