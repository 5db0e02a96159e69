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

	// How much of the reporter's own stack a report needs. A handler of the
	// host's jumps out, so that the process is there to tell.
	add("stack_use", func(s settings) {
		s["host"] = "jump"
		s.installHost()
		s.enable()
		jumpOut(s)
		say("used %d", cgo.StackUse())
	})
}
