//go:build linux && (amd64 || arm64) && cgo

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
	// A forked child crashes; then, with the setting then, the parent does. With the
	// setting old, the kernel is one from before Linux 4.14.
	add("fork", func(s settings) {
		if s["old"] != "" && !C.victim_old_kernel() {
			scenario.Must(fmt.Errorf("no old kernel"))
		}
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

	// A child of vfork and a thread of its parent crash, in the same memory.
	add("fork_both", func(s settings) {
		s.Enable()
		C.victim_fork_both(crashFunction(s))
	})

	// A child with an alarm has a fault that a host's handler makes good.
	add("fork_alarm", func(s settings) {
		installHost(s)
		s.Enable()
		status := syscall.WaitStatus(C.victim_fork_alarm(crashFunction(s), C.bool(s["host"] == "jump")))
		scenario.Say("child: signal %d, exit status %d", status.Signal(), status.ExitStatus())
	})
}
