//go:build linux && (amd64 || arm64) && cgo

package main

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wno-unused-parameter -I${SRCDIR}/../../../internal/victim/machine
// #include <stdlib.h>
// #include "hosts.h"
// #include "states.h"
// #include "threads.h"
import "C"

import (
	"os"
	"os/signal"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() {
	scenarios["threads"] = func(s settings) {
		s.Enable()
		C.threads_come_and_go(C.int(s.Number("threads")))
		scenario.Say("all have ended")
	}

	// The handler is installed before Go's runtime starts, by the variable
	// VICTIM_EARLY; see hosts.c.
	scenarios["early"] = func(s settings) {
		s.Enable()
		for range 3 {
			scenario.Say("early handler: %d", C.host_early_fault())
		}
		scenario.Say("a nil pointer: %v", nilDereference())
	}

	// A virtual machine is loaded late: its handler repairs its own faults, and
	// ends the process at any other.
	scenarios["late_host"] = func(s settings) {
		if s["quiet"] != "" { // first only a dump, Enable comes last
			scenario.Must(handler.Dump())
		} else {
			s.Enable()
		}
		C.host_install_repair()
		C.threads_without_frames()
		if s["quiet"] != "" {
			s.Enable()
		}
		for range 3 {
			if s["off"] == "" {
				scenario.Must(handler.Dump())
			}
			scenario.Say("late handler: %d", C.host_early_fault())
		}
	}

	// A dump without a reader, and what waits for it.
	scenarios["stuck_dump"] = func(s settings) {
		s.Enable()
		w := fullPipe()
		done := make(chan error)
		go func() {
			done <- handler.Dump(handler.WithOutput(w), handler.WithDeadline(time.Duration(s.Number("seconds"))*time.Second))
		}()
		time.Sleep(2500 * time.Millisecond) // background work comes every second
		began := time.Now()
		enabled := handler.Enabled()
		scenario.Must(handler.DumpLater(time.Hour))
		handler.CancelDumpLater()
		took := time.Since(began)
		scenario.Say("enabled %v, in time %v", enabled, took < 2*time.Second)
		scenario.Say("the dump failed: %v", <-done != nil)
	}

	// A library puts its handler in front, which calls the one that was there.
	scenarios["circle"] = func(s settings) {
		s.Enable()
		C.host_install_in_front()
		scenario.Say("a nil pointer: %v", nilDereference())
		for range 2 {
			if s["off"] == "" {
				handler.Disable()
			}
			scenario.Say("a nil pointer: %v", nilDereference())
			s.Enable()
			scenario.Say("a nil pointer: %v", nilDereference())
		}
		scenario.Say("nested %d", C.host_in_front_depth())
		if s["then"] != "" {
			C.state_null()
		}
	}

	// The virtual machine again, and a signal that is registered, on a thread whose
	// stack cannot be walked.
	scenarios["late_host_signal"] = func(s settings) {
		s.Enable()
		scenario.Must(handler.Register(syscall.SIGUSR1))
		C.host_install_repair()
		C.threads_without_frames()
		for range 3 {
			C.threads_signal_without_frames(C.int(syscall.SIGUSR1))
			scenario.Say("late handler: %d", C.host_early_fault())
		}
		handler.Unregister(syscall.SIGUSR1) // waits for the dumps
	}

	// Between two calls a library sets a signal's default action, or has it ignored;
	// in the end the process gets it.
	scenarios["action"] = func(s settings) {
		call := map[string]func(){"enable": s.Enable, "dump": func() { scenario.Must(handler.Dump()) }, "": func() {}}
		call[s["first"]]()
		C.host_set_action(C.int(s.Number("signal")), C.int(s.Number("ignore")))
		call[s["then"]]()
		C.state_kill_self(C.int(s.Number("signal")))
		time.Sleep(time.Second) // another thread may have got it
		scenario.Say("went on")
	}

	// The program sends itself a signal from C that it has asked for.
	scenarios["kill_self"] = func(s settings) {
		s.Enable()
		number := syscall.Signal(s.Number("signal"))
		got := make(chan os.Signal, 1)
		signal.Notify(got, number)
		C.state_kill_self(C.int(number))
		select {
		case g := <-got:
			scenario.Say("got %v", g)
		case <-time.After(5 * time.Second):
		}
	}

	// Go takes the signal over while the core has it, which then gives it back.
	scenarios["notify_again"] = func(s settings) {
		number := syscall.Signal(s.Number("signal"))
		if s["off"] == "" && s["register"] != "" {
			scenario.Must(handler.Register(number))
		} else {
			s.Enable()
		}
		got := make(chan os.Signal, 1)
		signal.Ignore(number)
		signal.Notify(got, number)
		if s["off"] == "" && s["register"] != "" {
			handler.Unregister(number)
		} else {
			handler.Disable()
		}
		C.state_kill_self(C.int(number))
		scenario.Say("got %v", <-got)
	}

	// A library has a signal ignored for a while that the program wants, or sets its
	// default action.
	for name, set := range map[string]func(C.int){
		"ignored_a_while": func(n C.int) { C.host_ignore_a_while(n) },
		"ignored_always":  func(n C.int) { signal.Ignore(syscall.Signal(n)); C.host_ignore_a_while(n) },
		"default_action":  func(n C.int) { C.host_default_like_a_handler(n) },
	} {
		scenarios[name] = func(s settings) {
			number := syscall.Signal(s.Number("signal"))
			registered := s["off"] == "" && s["register"] != ""
			if registered {
				scenario.Must(handler.Register(number))
			} else {
				s.Enable()
			}
			got := make(chan os.Signal, 1)
			signal.Notify(got, number)
			set(C.int(number))
			if registered && s["keep"] == "" {
				handler.Unregister(number)
			}
			C.state_kill_self(C.int(number))
			select {
			case g := <-got:
				scenario.Say("got %v", g)
			case <-time.After(time.Second):
			}
		}
	}

	// The same while such signals come, one after the other.
	scenarios["ignored_again_and_again"] = func(s settings) {
		s.Enable()
		got := make(chan os.Signal, 1)
		signal.Notify(got, syscall.SIGABRT)
		C.host_ignore_again_and_again(C.int(syscall.SIGABRT))
		for end := time.Now().Add(time.Second / 2); time.Now().Before(end); {
			C.state_kill_self(C.int(syscall.SIGABRT))
			for next := time.Now().Add(100 * time.Microsecond); time.Now().Before(next); {
				select {
				case <-got:
				default:
				}
			}
		}
	}

	// Go takes SIGABRT over, which was ignored, and dies of it.
	scenarios["notify_panic"] = func(s settings) {
		s.Enable()
		signal.Ignore(syscall.SIGABRT)
		signal.Notify(make(chan os.Signal, 1), syscall.SIGABRT)
		panic("in the end")
	}

	// Go takes the signal over while it is registered, and gives it back when it is so no
	// more.
	scenarios["stop_late"] = func(s settings) {
		number := syscall.Signal(s.Number("signal"))
		if s["off"] == "" {
			scenario.Must(handler.Register(number))
		}
		got := make(chan os.Signal, 1)
		if s["ignore"] != "" {
			signal.Ignore(number)
		}
		signal.Notify(got, number)
		if s["off"] == "" {
			handler.Unregister(number)
		}
		signal.Stop(got)
		C.state_kill_self(C.int(number))
		time.Sleep(200 * time.Millisecond) // another thread may have got it
	}

	for name, state := range map[string]func(){
		"null":          func() { C.state_null() },
		"deep":          func() { C.state_deep() },
		"no_fs":         func() { C.state_no_fs() },
		"pending_abort": func() { C.state_pending_abort() },
		"tail_null":     func() { C.state_tail_null() },
		"remap":         func() { C.state_remap() },
		"crowd":         func() { C.threads_crowd(8) },
		"fork_late":     func() { C.threads_fork_late() },
		"abort_late":    func() { C.threads_abort_late() },
	} {
		scenarios[name] = func(s settings) {
			s.Enable()
			state()
		}
	}

	// One thread crashes, and two want to end the process: by Go's exit and by C's.
	scenarios["leaving"] = func(s settings) {
		s.Enable()
		go func() {
			if _, err := os.Stdin.Read(make([]byte, 1)); err == nil {
				go os.Exit(0)
				C.exit(0)
			}
		}()
		C.state_null()
	}

	scenarios["wait"] = func(s settings) {
		s.Enable()
		call := C.CString(s["call"])
		defer C.free(unsafe.Pointer(call))
		C.threads_wait(call)
	}

	// A filter traps one system call.
	scenarios["trap"] = func(s settings) {
		s.Enable()
		C.state_trap(C.int(s.Number("call")))
	}

	scenarios["map_file"] = func(s settings) {
		s.Enable()
		scenario.Must(mapFile(s["file"]))
		C.state_null()
	}

	scenarios["reload"] = reload
	scenarios["replaced"] = replaced
	scenarios["busy"] = busy

	// Enable, or with the setting disable both of them, again and again while a
	// thread crashes.
	scenarios["enable_loop"] = func(s settings) {
		s.Enable()
		began := make(chan bool)
		go func() {
			for i := 0; ; i++ {
				if s["disable"] != "" {
					handler.Disable()
				}
				handler.Enable(s.Options()...) // an error once the crash has begun
				if i == 20 {
					close(began)
				}
			}
		}()
		<-began
		C.state_null()
	}
}

// mapFile maps a whole file to read it.
func mapFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	_, err = syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE)
	return err
}

// fullPipe is a pipe without a reader that takes nothing more.
func fullPipe() *os.File {
	_, w, err := os.Pipe()
	scenario.Must(err)
	size, err := unix.FcntlInt(w.Fd(), unix.F_GETPIPE_SZ, 0)
	scenario.Must(err)
	_, err = w.Write(make([]byte, size))
	scenario.Must(err)
	return w
}
