//go:build linux && amd64 && cgo && epitaph_test

package main

import (
	"fmt"

	"github.com/epitaph-go/epitaph/cgo"
)

// trouble makes the goroutine that answers fail in the way of the setting
// trouble.
func (s settings) trouble() {
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
	default:
		must(fmt.Errorf("no trouble %q", s["trouble"]))
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
