//go:build linux && amd64 && cgo

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
import "C"

import (
	"fmt"
	"time"
	"unsafe"

	"github.com/epitaph-go/epitaph/handler"
)

// installHost installs the C handler of the setting host for the setting
// signal, which is SIGSEGV if there is none.
func (s settings) installHost() {
	signal := s.number("signal")
	if signal == 0 {
		signal = 11
	}
	name := C.CString(s["host"])
	defer C.free(unsafe.Pointer(name))
	if C.host_install(name, C.int(signal)) != 0 {
		must(fmt.Errorf("no handler %q of the host's for signal %d", s["host"], signal))
	}
}

func sayHost() {
	seen := C.host_seen
	say("host: calls %d, signal %d, code %d, address %#x", seen.calls, seen.signal, seen.code, seen.address)
}

// jumpOut crashes, and comes back by the handler "jump".
func jumpOut(s settings) {
	if C.host_guarded(s.function()) != 1 {
		must(fmt.Errorf("the handler did not jump out"))
	}
}

func init() {
	// A handler was there before, and the crash is offered to it.
	add("host", func(s settings) {
		s.installHost()
		s.enable()
		s.crash()
		sayHost()
	})

	// A handler came later, in front of Epitaph's, and calls it. Then Epitaph is
	// disabled, with the setting off; and enabled again, with the setting again.
	add("in_front", func(s settings) {
		s["host"] = "forward"
		s.enable()
		s.installHost()
		if s["off"] != "" {
			handler.Disable()
		}
		if s["again"] != "" {
			s.enable()
		}
		s.crash()
	})

	// It repairs the memory, as often as the setting times says.
	add("host_repair", func(s settings) {
		s["host"] = "repair"
		s.installHost()
		s.enable()
		for range max(1, s.number("times")) {
			page := C.host_page()
			C.victim_write(page)
			say("page holds %d", *page)
		}
		sayHost()
	})

	// It jumps out, to a program that lives longer than the deadline; with the
	// setting then, it crashes for good in the end.
	add("host_jump", func(s settings) {
		s["host"] = "jump"
		s.installHost()
		s.enable()
		for range max(1, s.number("times")) {
			jumpOut(s)
		}
		time.Sleep(time.Duration(s.number("sleep")) * time.Millisecond)
		sayHost()
		if s["then"] != "" {
			handler.Disable()
			s["host"] = "log"
			s.installHost()
			s.enable()
			s.crash()
		}
	})

	// It ends the thread, and the program lives on.
	add("host_end_thread", func(s settings) {
		s["host"], s["place"] = "end", "thread"
		s.installHost()
		s.enable()
		s.crash()
		time.Sleep(time.Duration(s.number("sleep")) * time.Millisecond)
		sayHost()
	})

	add("host_errno", func(s settings) {
		s["host"] = "skip"
		s.installHost()
		s.enable()
		say("errno %d", C.with_errno(77, s.function()))
	})
}
