//go:build linux && amd64 && cgo && epitaph_test

package main

import (
	"time"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/handler"
)

func init() {
	// A stage of the report (all of them: "*") faults, hangs or aborts.
	add("trouble", func(s settings) {
		s.enable()
		must(cgo.Trouble(s["stage"], s["trouble"]))
		s.crash()
	})

	// Somebody disables Epitaph while the report is being written.
	add("disable_late", func(s settings) {
		s.enable()
		must(cgo.Trouble(s["stage"], s["trouble"]))
		go func() {
			time.Sleep(200 * time.Millisecond) // into the hang
			handler.Disable()
		}()
		s.crash()
	})

	add("fork_trouble", func(s settings) {
		must(cgo.Trouble(s["stage"], s["trouble"]))
		scenarios["fork"](s)
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
