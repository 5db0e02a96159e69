//go:build linux && (amd64 || arm64) && cgo && epitaph_test

package main

import (
	"fmt"
	"strings"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

// trouble makes the goroutine that answers fail in the way of the setting
// trouble.
func trouble(s settings) {
	switch s["trouble"] {
	case "":
	case "panic":
		cgo.TroubleResponder(func() { panic("on purpose") })
	case "nil":
		cgo.TroubleResponder(func() { var p *int; *p = 1 })
	case "fatal":
		cgo.TroubleResponder(concurrentMapWrites)
	case "hang":
		cgo.TroubleResponder(func() { select {} })
	case "forge":
		cgo.TroubleResponder(forge(forged[s.Number("forged")]))
	default:
		scenario.Must(fmt.Errorf("no trouble %q", s["trouble"]))
	}
}

// forged are answers that are no lines of a report about goroutines, by damage or
// on purpose.
var forged = []string{
	"Goroutines: 1, live, in 1 group\n\nEnd of report (complete, 1 bytes, 0.1 ms)\n\n",
	"Goroutines: 1, live, in 1 group\n\nGoroutine 1 [\x1b[2J] (most recent call first):\n\n",
	"Goroutines: 1, live, in 1 group\n\nFatal error: Aborted\n\n",
	"Goroutines: 1, live, in 1 group, and no end",
	"Goroutines: 1, live, in 1 group\n\nGoroutine 1 [\xff] (most recent call first):\n\n",
	"",
	strings.Repeat("\n", 4<<20),
}

// forge answers in the place of the responder.
func forge(text string) func() {
	return func() {
		live, err := cgo.NewLive()
		scenario.Must(err)
		if question, ok := live.Question(); ok && live.Claim(question) {
			live.Done(question, copy(live.Text(), text))
		}
	}
}

// concurrentMapWrites ends in a fatal error, which cannot be recovered from.
func concurrentMapWrites() {
	m := map[int]int{}
	for range 8 {
		go func() {
			for i := 0; ; i++ {
				m[i%16] = i
			}
		}()
	}
	select {}
}
