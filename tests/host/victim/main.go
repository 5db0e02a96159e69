//go:build linux && (amd64 || arm64) && cgo

// Victim is the program that the tests of hosts run:
//
//	victim SCENARIO [KEY=VALUE ...]
//
// One that is still alive at its end leaves with status 3.
package main

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE -Wall -I${SRCDIR}/../../../internal/victim/machine
// #include <signal.h>
// #include <stdlib.h>
// #include "hosts.h"
import "C"

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

type settings = scenario.Settings

var flags = map[string]C.uint{
	"siginfo": C.SA_SIGINFO, "onstack": C.SA_ONSTACK, "nodefer": C.SA_NODEFER, "resethand": C.SA_RESETHAND,
}

func check(errno C.int) {
	if errno != 0 {
		scenario.Must(syscall.Errno(errno))
	}
}

// install installs the handler of the setting way, with the setting flags, separated by
// plus signs, and with the setting raw past libc. With the setting divide it is one of SIGFPE, and faults are divisions;
// with trap one of SIGTRAP, and they are breakpoints.
func install(s settings) {
	var wanted C.uint
	for name := range strings.SplitSeq(s["flags"], "+") {
		wanted |= flags[name]
	}
	way := C.CString(s["way"])
	defer C.free(unsafe.Pointer(way))
	if s["divide"] != "" {
		C.host_divides()
	}
	if s["trap"] != "" {
		C.host_traps()
	}
	check(C.host_install(way, wanted, C.int(s.Number("raw"))))
}

// fault faults, once or as often as the setting times says, in the place of the setting place.
func fault(s settings) {
	n := C.int(max(1, s.Number("times")))
	if s["place"] == "thread" {
		check(C.host_fault_on_threads(C.int(max(1, s.Number("threads"))), n))
	} else {
		check(C.host_fault(n))
	}
}

// used are this process's descriptors and the kilobytes that it has in memory.
func used() (descriptors, kilobytes int) {
	entries, err := os.ReadDir("/proc/self/fd")
	scenario.Must(err)
	status, err := os.ReadFile("/proc/self/status")
	scenario.Must(err)
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	_, err = fmt.Sscan(rest, &kilobytes)
	scenario.Must(err)
	return len(entries), kilobytes
}

// processor is the time of the processor that this process has used.
func processor() time.Duration {
	var usage syscall.Rusage
	scenario.Must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

var scenarios = map[string]func(settings){
	// The host was there before Epitaph, or with the setting after comes later. The setting
	// goroutines is how many wait meanwhile.
	"host": func(s settings) {
		for range s.Number("goroutines") {
			go func() { select {} }()
		}
		if s["after"] == "" {
			install(s)
		}
		s.Enable()
		if s["after"] != "" {
			install(s)
		}
		fault(s)
		if s["then"] != "" {
			way := C.CString(s["then"])
			check(C.host_does(way))
			s["times"] = ""
			fault(s)
		}
		time.Sleep(time.Duration(s.Number("sleep")) * time.Millisecond)
		scenario.Say("host: went on after %d calls", C.host_calls())
	},

	// How much time of the processor the faults take, and what is left of them.
	"many": func(s settings) {
		install(s)
		s.Enable()
		fault(settings{"place": s["place"], "threads": s["threads"], "times": "100"})
		descriptors, kilobytes := used()
		start := processor()
		fault(s)
		took := processor() - start
		moreDescriptors, moreKilobytes := used()
		scenario.Say("took %d ns, calls %d, descriptors %+d, kilobytes %+d",
			took.Nanoseconds(), C.host_calls(), moreDescriptors-descriptors, moreKilobytes-kilobytes)
	},

	// A library's handler that came later, and hands on, while the host's changes the context.
	"front": func(s settings) {
		install(s)
		s.Enable()
		check(C.host_install_in_front())
		fault(s)
		scenario.Say("in front after the fault: %d", C.host_is_in_front())
		s.Enable()
		scenario.Say("in front after Enable: %d", C.host_is_in_front())
		fault(s)
		scenario.Say("host: %d calls", C.host_calls())
	},

	// The handler overflows its stack.
	"overflows": func(s settings) {
		s.Enable()
		check(C.host_overflows(flags[s["flags"]]))
	},

	// A nil dereference of Go's own, which Go makes a panic of, with a library's handler
	// behind Epitaph's; then one of C's.
	"go": func(s settings) {
		install(s)
		s.Enable()
		func() {
			defer func() { scenario.Say("recovered: %v", recover()) }()
			*nowhere = 1
		}()
		if s["then"] != "" {
			fault(s)
		}
	},
}

//export hostLog
func hostLog(number C.int) { fmt.Fprintln(os.Stderr, "in Go: signal", number) }

var nowhere *int

func main() { scenario.Main(scenarios) }
