//go:build linux && (amd64 || arm64) && cgo

package main

// #include "calls.h"
import "C"

import (
	"time"

	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

// walks says how many nanoseconds a walk takes that Go asks for in a handler, and how
// many frames it finds.
func walks(s settings) {
	enable(s)
	C.walk(C.int(s.Number("times")))
	scenario.Say("%d %d", C.walk_ns, C.walk_frames)
}

// callbacks says how many nanoseconds a call from C to Go takes, at best.
func callbacks(s settings) {
	enable(s)
	best := func(visit func(times C.int)) float64 {
		const times = 50000
		least := time.Hour
		for range 20 {
			begin := time.Now()
			visit(times)
			least = min(least, time.Since(begin))
		}
		return float64(least.Nanoseconds()) / times
	}
	scenario.Say("%.2f %.2f", best(func(n C.int) { C.visit(n) }), best(func(n C.int) { C.visit_in_thread(n) }))
}
