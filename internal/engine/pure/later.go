package pure

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/epitaph-go/epitaph/internal/engine/config"
	"github.com/epitaph-go/epitaph/report"
)

// timersMu guards later.
var timersMu sync.Mutex

// later is the timer of DumpLater, or nil.
var later *pureTimer

// DumpLater starts a goroutine that waits for the time.
func (Engine) DumpLater(c *config.Config, d time.Duration) error {
	timersMu.Lock()
	defer timersMu.Unlock()
	later.stop()
	later = startTimer(func(quit <-chan struct{}) {
		ticker := time.NewTicker(d)
		defer ticker.Stop()
		for {
			select {
			case <-quit:
				return
			case <-ticker.C:
				fire(c, d)
				if !c.Repeat {
					return
				}
			}
		}
	})
	return withoutCore(c)
}

// CancelDumpLater ends it.
func (Engine) CancelDumpLater() {
	timersMu.Lock()
	defer timersMu.Unlock()
	later.stop()
	later = nil
}

// Watch starts a goroutine that looks at the word.
func (Engine) Watch(c *config.Config, d time.Duration) (word *uint32, stop func(), err error) {
	word = new(uint32)
	timer := startTimer(func(quit <-chan struct{}) {
		ticker := time.NewTicker(max(d/16, 5*time.Millisecond))
		defer ticker.Stop()
		last, due := time.Now(), true
		for {
			select {
			case <-quit:
				return
			case now := <-ticker.C:
				if atomic.SwapUint32(word, 0) != 0 {
					last, due = now, true
				} else if due && now.Sub(last) >= d {
					fire(c, d)
					last, due = now, c.Repeat
				}
			}
		}
	})
	return word, timer.stop, withoutCore(c)
}

// fire dumps the goroutines, and ends the process if that was asked for.
func fire(c *config.Config, d time.Duration) {
	head := report.Report{Kind: report.Timeout, Timeout: d}
	writeGoroutines(c, head.String()) // there is no caller to return an error to
	if c.Exit {
		os.Exit(1)
	}
}

func withoutCore(c *config.Config) error {
	return fmt.Errorf("epitaph: %s: goroutines alone: %w", c.Call, config.ErrNoNative)
}

// A pureTimer is a goroutine that waits for its time.
type pureTimer struct{ quit, ended chan struct{} }

func startTimer(run func(quit <-chan struct{})) *pureTimer {
	t := &pureTimer{quit: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(t.ended)
		run(t.quit)
	}()
	return t
}

// stop ends the goroutine, and waits for it.
func (t *pureTimer) stop() {
	if t != nil {
		close(t.quit)
		<-t.ended
	}
}
