//go:build linux && (amd64 || arm64) && cgo

package edges

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// The same few crashes, again and again, on a machine that has more to do than
// it can: none hangs, and each ends with one end line.
func TestManyCrashesUnderLoad(t *testing.T) {
	times := 40
	if victim.Full {
		times = 200
	}
	type crash struct {
		line   string
		signal syscall.Signal
	}
	var mix []crash
	for kind, signal := range map[string]syscall.Signal{
		"null": syscall.SIGSEGV, "abort": syscall.SIGABRT, "int3": syscall.SIGTRAP, "overflow": syscall.SIGSEGV, "raise_sys": syscall.SIGSYS,
	} {
		for _, place := range []string{"cgo", "goroutine", "callback", "thread"} {
			mix = append(mix, crash{fmt.Sprintf("crash kind=%s place=%s", kind, place), signal})
		}
	}
	mix = append(mix, crash{"storm", syscall.SIGSEGV}, crash{"storm kind=abort place=thread", syscall.SIGABRT})

	var over atomic.Bool
	defer over.Store(true)
	for range 2 * runtime.NumCPU() {
		go func() {
			for !over.Load() {
			}
		}()
	}
	var running sync.WaitGroup
	places := make(chan bool, 4)
	for i := range times {
		crash := mix[i%len(mix)]
		places <- true
		c := start(t, crash.line)
		running.Go(func() {
			defer func() { <-places }()
			o, err := c.End()
			if err != nil {
				t.Errorf("%s: %v", crash.line, err)
				return
			}
			o.DiedOf(t, crash.signal)
			if n := strings.Count(o.Stderr, "\nEnd of report ("); n != 1 {
				t.Errorf("%s: %d end lines in:\n%s", crash.line, n, o.Stderr)
			}
			for _, r := range victim.Reports(t, o.Stderr) {
				if !r.Complete() || !r.Intact() {
					t.Errorf("%s: not complete:\n%s", crash.line, r)
				}
			}
		})
	}
	running.Wait()
}
