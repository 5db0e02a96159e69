//go:build linux && amd64 && cgo

package main

// #include "forked.h"
// #include "stacks.h"
import "C"

import (
	"fmt"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() {
	// A forked child crashes; then, with the setting then, the parent does.
	add("fork", func(s settings) {
		s.Enable()
		began := time.Now()
		status := syscall.WaitStatus(C.victim_fork(crashFunction(s), C.bool(s["shared"] != "")))
		if int(status) == -1 {
			scenario.Must(fmt.Errorf("no child"))
		}
		scenario.Say("child: signal %d, exit status %d, took %v", status.Signal(), status.ExitStatus(), time.Since(began))
		scenario.Say("parent: enabled %v", handler.Enabled())
		if s["sleep"] != "" {
			time.Sleep(time.Duration(s.Number("sleep")) * time.Millisecond)
			C.stacks_short_threads(8) // which wake the core's helper
			time.Sleep(100 * time.Millisecond)
		}
		if s["then"] != "" {
			crash(s)
		}
	})
}
