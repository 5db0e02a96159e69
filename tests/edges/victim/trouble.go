//go:build linux && (amd64 || arm64) && cgo && epitaph_test

package main

import (
	"time"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() {
	// A stage of the report (all of them: "*") faults, hangs or aborts.
	add("trouble", func(s settings) {
		s.Enable()
		scenario.Must(cgo.Trouble(s["stage"], s["trouble"]))
		crash(s)
	})

	// A goroutine disables Epitaph while the report is being written.
	add("disable_late", func(s settings) {
		s.Enable()
		scenario.Must(cgo.Trouble(s["stage"], s["trouble"]))
		go func() {
			time.Sleep(200 * time.Millisecond) // into the hang
			handler.Disable()
		}()
		crash(s)
	})

	add("fork_trouble", func(s settings) {
		scenario.Must(cgo.Trouble(s["stage"], s["trouble"]))
		scenarios["fork"](s)
	})

	// How much of the reporter's own stack a report needs. A handler of the
	// host's jumps out, so that the process is there to tell.
	add("stack_use", func(s settings) {
		s["host"] = "jump"
		installHost(s)
		s.Enable()
		jumpOut(s)
		scenario.Say("used %d", cgo.StackUse())
	})
}
