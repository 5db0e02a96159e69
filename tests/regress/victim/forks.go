//go:build linux && (amd64 || arm64) && cgo

package main

// #include "forks.h"
import "C"

import (
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() {
	// The child enables the core when a stage of the dump that its parent was at, which
	// waits for a goroutine that cannot be preempted, has outlasted its time.
	scenarios["fork_dump"] = func(s settings) {
		s.Enable()
		stage := func() int32 { return atomic.LoadInt32((*int32)(&C.forks_stage)) }
		go func() {
			for stage() == 0 { // until nothing has to be stopped to get to the fork
				runtime.Gosched()
			}
			go handler.Dump()
			for stage() == 1 {
			}
		}()
		C.forks_enable(300, 2700, 500)
	}

	// The child enables the core while its parent's timer is armed, and has a dumper
	// because of its parent's registered signal.
	scenarios["fork_timer"] = func(s settings) {
		s.Enable()
		scenario.Must(handler.Register(syscall.SIGUSR1))
		scenario.Must(handler.DumpLater(3*time.Second, handler.WithOutput(os.Stdout)))
		time.AfterFunc(time.Second, handler.CancelDumpLater)
		C.forks_enable(0, 0, 4000)
	}

	// The child ignores a signal that the core has, for the program that it executes.
	scenarios["fork_ignore"] = func(s settings) {
		s.Enable()
		if s["off"] == "" && s["register"] != "" {
			scenario.Must(handler.Register(syscall.Signal(s.Number("signal"))))
		}
		C.forks_ignore(C.int(s.Number("signal")))
	}

	scenarios["fork_end"] = func(s settings) {
		s.Enable()
		C.forks_end(2500)
	}

	scenarios["fork_injected"] = func(s settings) {
		C.forks_start_thread()
		s.Enable()
		C.forks_on_thread(2500)
	}
}
