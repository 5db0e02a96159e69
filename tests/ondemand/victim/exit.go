//go:build linux && (amd64 || arm64) && cgo

package main

// #include "exit.h"
import "C"

import (
	"bufio"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

func init() {
	add("exit", exit)
	add("exit-full-pipe", exitFullPipe)
	add("exit-watchdog", exitWatchdog)
	add("exit-behind", exitBehind)
	add("signal-behind", signalBehind)
	add("unregister-stuck", unregisterStuck)
	add("crash-among-dumps", crashAmongDumps)
	add("exit-in-crash", exitInCrash)
}

// leaveTraces makes a process that would say so if it ended in the ordinary way.
func leaveTraces() {
	C.exit_leave_traces()
	bufio.NewWriter(os.Stdout).WriteString("buffered in Go")
}

func exit(s settings) {
	enable(s)
	leaveTraces()
	defer os.Stdout.WriteString("deferred\n")
	must(handler.DumpLater(100*time.Millisecond, append(timer(s), handler.WithExit())...))
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

// raise sends a signal to the calling thread, so that it has come on return.
func raise(signal syscall.Signal) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	must(syscall.Tgkill(os.Getpid(), syscall.Gettid(), signal))
}

// stuckDump dumps to a pipe without a reader. The channel is closed when it gives up.
func stuckDump(d time.Duration) <-chan struct{} {
	_, w := fullPipe()
	w.Fd() // sets it so that it blocks
	ended := make(chan struct{})
	go func() {
		handler.Dump(handler.WithOutput(w), handler.WithDeadline(d))
		close(ended)
	}()
	time.Sleep(200 * time.Millisecond)
	return ended
}

// exitBehind has a timer or a watchdog end it while the dumper waits to dump a
// signal, which waits for a dump.
func exitBehind(s settings) {
	leaveTraces()
	must(handler.Register(syscall.SIGUSR1, handler.WithOutput(null()), handler.WithDeadline(duration(s, "deadline", 0))))
	opts := []handler.Option{handler.WithOutput(null()), handler.WithExit(), handler.WithDeadline(500 * time.Millisecond)}
	if s["watchdog"] != "" {
		_, err := handler.NewWatchdog(time.Second, opts...)
		must(err)
	} else {
		must(handler.DumpLater(time.Second, opts...))
	}
	stuckDump(25 * time.Second)
	raise(syscall.SIGUSR1)
	time.Sleep(30 * time.Second)
}

// signalBehind gets a signal while a dump is stuck for longer than that signal's may
// take, and one afterwards.
func signalBehind(settings) {
	must(handler.Register(syscall.SIGUSR1, handler.WithDeadline(200*time.Millisecond)))
	ended := stuckDump(5 * time.Second)
	raise(syscall.SIGUSR1)
	<-ended
	must(handler.Register(syscall.SIGUSR1, handler.WithDeadline(10*time.Second)))
	raise(syscall.SIGUSR1)
	handler.Unregister(syscall.SIGUSR1)
}

// unregisterStuck takes a signal back whose dump is not read, and calls Enable.
func unregisterStuck(settings) {
	_, w := fullPipe()
	must(handler.Register(syscall.SIGUSR1, handler.WithOutput(w), handler.WithDeadline(6*time.Second)))
	raise(syscall.SIGUSR1)
	ended := make(chan struct{})
	go func() {
		handler.Unregister(syscall.SIGUSR1)
		close(ended)
	}()
	time.Sleep(200 * time.Millisecond)
	must(handler.Enable())
	select {
	case <-ended:
		fail("Enable has waited for Unregister")
	default:
	}
	<-ended
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
