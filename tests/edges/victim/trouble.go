//go:build linux && amd64 && cgo && epitaph_test

package main

import "github.com/epitaph-go/epitaph/cgo"

func init() {
	// A stage of the report (all of them: "*") faults, hangs or aborts.
	add("trouble", func(s settings) {
		s.enable()
		must(cgo.Trouble(s["stage"], s["trouble"]))
		s.crash()
	})
}
