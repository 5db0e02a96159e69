//go:build !(cgo && linux && amd64)

package handler

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// later is the timer of DumpLater, or nil. Guarded by timersMu.
var later *pureTimer

func dumpLater(c *config, d time.Duration) error {
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
				if !c.repeat {
					return
				}
			}
		}
	})
	return withoutCore(c)
}

func cancelDumpLater() {
	timersMu.Lock()
	defer timersMu.Unlock()
	later.stop()
	later = nil
}

func watch(c *config, d time.Duration) (word *uint32, stop func(), err error) {
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
					last, due = now, c.repeat
				}
			}
		}
	})
	return word, timer.stop, withoutCore(c)
}

// fire dumps the goroutines, and ends the process if that was asked for.
func fire(c *config, d time.Duration) {
	head := report.Report{Kind: report.Timeout, Timeout: d}
	writeGoroutines(c, head.String()) // there is nobody to tell of an error
	if c.exit {
		os.Exit(1)
	}
}

func withoutCore(c *config) error {
	return fmt.Errorf("handler: %s: goroutines alone: %w", callNames[c.call], ErrNoNative)
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
