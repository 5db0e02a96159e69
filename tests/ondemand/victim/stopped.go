//go:build linux && (amd64 || arm64) && cgo

package main

import (
	"os"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

// again dumps one time after another, until it was stopped once and has gone on for a while.
func init() {
	add("again", func(s settings) {
		enable(s)
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		must(err)
		for range 40 { // a dump takes some time
			go func() { select {} }()
		}
		deadline := duration(s, "deadline", time.Second)
		last, end := time.Now(), time.Time{}
		scenario.Say("begins") // the stop may come at once
		for end.IsZero() || last.Before(end) {
			must(handler.Dump(handler.WithOutput(null), handler.WithDeadline(deadline)))
			now := time.Now()
			if now.Sub(last) > deadline && end.IsZero() {
				end = now.Add(deadline / 10)
			}
			last = now
		}
	})
}
