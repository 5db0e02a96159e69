//go:build linux && (amd64 || arm64) && cgo

package main

// #include <errno.h>
// #include <stdlib.h>
// #include "hosts.h"
//
// // Sets errno, crashes, and tells what errno is then.
// static int with_errno(int value, victim_function crash) {
//     errno = value;
//     victim_call(crash);
//     return errno;
// }
//
// static int host_calls(void) { return *(volatile int *)&host_seen.calls; }
import "C"

import (
	"fmt"
	"time"
	"unsafe"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

// installHost installs the C handler of the setting host for the setting
// signal, which is SIGSEGV if there is none.
func installHost(s settings) {
	signal := s.Number("signal")
	if signal == 0 {
		signal = 11
	}
	name := C.CString(s["host"])
	defer C.free(unsafe.Pointer(name))
	if C.host_install(name, C.int(signal)) != 0 {
		scenario.Must(fmt.Errorf("no handler %q of the host's for signal %d", s["host"], signal))
	}
}

func sayHost() {
	seen := C.host_seen
	scenario.Say("host: calls %d, signal %d, code %d, address %#x", seen.calls, seen.signal, seen.code, seen.address)
}

// jumpOut crashes, and comes back by the handler "jump".
func jumpOut(s settings) {
	if C.host_guarded(crashFunction(s)) != 1 {
		scenario.Must(fmt.Errorf("the handler did not jump out"))
	}
}

func init() {
	// A handler was there before, and the crash is offered to it.
	add("host", func(s settings) {
		installHost(s)
		s.Enable()
		crash(s)
		sayHost()
	})

	// A handler came later, and calls what it has found. Then Epitaph is disabled, with
	// the setting disable; and enabled again, with the setting again.
	add("forward", func(s settings) {
		s["host"] = "forward"
		s.Enable()
		installHost(s)
		if s["disable"] != "" {
			handler.Disable()
		}
		if s["again"] != "" {
			s.Enable()
		}
		crash(s)
	})

	// It repairs the memory, as often as the setting times says.
	add("host_repair", func(s settings) {
		s["host"] = "repair"
		installHost(s)
		s.Enable()
		for range max(1, s.Number("times")) {
			page := C.host_page()
			C.victim_write(page)
			scenario.Say("page holds %d", *page)
		}
		sayHost()
	})

	// Go panics while it repairs the memory.
	add("host_repair_late", func(s settings) {
		s["host"] = "repair_late"
		installHost(s)
		s.Enable()
		go func() {
			for C.host_calls() == 0 {
				time.Sleep(time.Millisecond)
			}
			panic("meanwhile")
		}()
		C.victim_write(C.host_page())
		select {} // the panic ends it
	})

	// It jumps out, to a program that lives longer than the deadline; with the
	// setting then, it crashes for good in the end.
	add("host_jump", func(s settings) {
		s["host"] = "jump"
		installHost(s)
		s.Enable()
		for range max(1, s.Number("times")) {
			jumpOut(s)
		}
		time.Sleep(time.Duration(s.Number("sleep")) * time.Millisecond)
		sayHost()
		if s["then"] != "" {
			handler.Disable()
			s["host"] = "log"
			installHost(s)
			s.Enable()
			crash(s)
		}
	})

	// It ends the thread, and the program lives on.
	add("host_end_thread", func(s settings) {
		s["host"], s["place"] = "end", "thread"
		installHost(s)
		s.Enable()
		crash(s)
		time.Sleep(time.Duration(s.Number("sleep")) * time.Millisecond)
		sayHost()
	})

	add("host_errno", func(s settings) {
		s["host"] = "skip"
		installHost(s)
		s.Enable()
		scenario.Say("errno %d", C.with_errno(77, crashFunction(s)))
	})
}
