//go:build linux && (amd64 || arm64) && cgo

package main

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

func init() { add("stress", stress) }

// stress calls everything at once.
func stress(s settings) {
	to := handler.WithOutput(null())
	calls := []func(*rand.Rand){
		func(r *rand.Rand) { must(handler.DumpLater(pause(r), to)) },
		func(r *rand.Rand) { must(handler.DumpLater(pause(r), to, handler.WithRepeat())) },
		func(*rand.Rand) { handler.CancelDumpLater() },
		func(r *rand.Rand) {
			w, err := handler.NewWatchdog(pause(r), to, handler.WithRepeat())
			must(err)
			defer w.Stop()
			time.Sleep(pause(r))
			w.Beat()
			time.Sleep(pause(r))
		},
		func(*rand.Rand) { must(handler.Dump(to)) },
		func(*rand.Rand) { must(handler.Enable()) },
		func(*rand.Rand) { handler.Disable() },
	}
	end := time.Now().Add(duration(s, "for", 3*time.Second))
	var all sync.WaitGroup
	for i := range 2 * len(calls) {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			for time.Now().Before(end) {
				calls[i%len(calls)](r)
				time.Sleep(pause(r) / 4)
			}
		})
	}
	all.Wait()
	handler.CancelDumpLater()
	handler.Disable()
	if handler.Disable() || handler.Enabled() {
		fail("still enabled")
	}
}

func pause(r *rand.Rand) time.Duration { return time.Duration(r.IntN(10_000_000) + 1) }
