//go:build linux && amd64 && cgo

package main

// #include "exit.h"
import "C"

import (
	"bufio"
	"os"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

func init() {
	add("exit", exit)
	add("exit-full-pipe", exitFullPipe)
	add("exit-watchdog", exitWatchdog)
	add("crash-among-dumps", crashAmongDumps)
	add("exit-in-crash", exitInCrash)
}

// leaveTraces makes a process that would say so if it ended in the ordinary way.
func leaveTraces() {
	C.exit_leave_traces()
	bufio.NewWriter(os.Stdout).WriteString("buffered in Go")
}

func exit(s settings) {
	s.enable()
	leaveTraces()
	defer os.Stdout.WriteString("deferred\n")
	must(handler.DumpLater(100*time.Millisecond, append(s.options(), handler.WithExit())...))
	time.Sleep(10 * time.Second)
}

func exitFullPipe(s settings) {
	leaveTraces()
	_, w := fullPipe()
	if s["blocking"] != "" {
		w.Fd() // sets it so
	}
	must(handler.DumpLater(100*time.Millisecond, handler.WithOutput(w), handler.WithExit(), handler.WithDeadline(500*time.Millisecond)))
	// Others who dump to it do not keep the timer from its end.
	go func() {
		for s["crowd"] != "" {
			handler.Dump(handler.WithOutput(w), handler.WithDeadline(300*time.Millisecond))
		}
	}()
	time.Sleep(20 * time.Second)
}

func exitWatchdog(settings) {
	leaveTraces()
	_, err := handler.NewWatchdog(100*time.Millisecond, handler.WithExit())
	must(err)
	time.Sleep(10 * time.Second)
}

// crashAmongDumps crashes while dumps are written one after the other.
func crashAmongDumps(settings) {
	must(handler.Enable())
	must(handler.DumpLater(time.Millisecond, handler.WithOutput(null()), handler.WithRepeat()))
	for range 8 {
		w, err := handler.NewWatchdog(10*time.Millisecond, handler.WithOutput(null()), handler.WithRepeat())
		must(err)
		defer w.Stop()
	}
	time.Sleep(100 * time.Millisecond)
	C.exit_by_fault()
}

// exitInCrash crashes, and takes its time to report it, when a timer comes that would
// end it with status 1.
func exitInCrash(settings) {
	_, w := fullPipe()
	must(handler.Enable(handler.WithOutput(w), handler.WithDeadline(1500*time.Millisecond)))
	must(handler.DumpLater(300*time.Millisecond, handler.WithOutput(null()), handler.WithExit()))
	time.Sleep(100 * time.Millisecond)
	C.exit_by_fault()
}
