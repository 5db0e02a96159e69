//go:build linux && (amd64 || arm64) && cgo

package main

// #include "stacks.h"
import "C"

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() {
	// Crashes on a thread with an alternate stack of its own, of the setting
	// size; with a host's handler that comes back, it tells what was used of it.
	add("small_stack", func(s settings) {
		size := C.size_t(s.Number("size"))
		if s["host"] != "" {
			installHost(s)
		}
		s.Enable()
		scenario.Say("used %d", C.stacks_use(crashFunction(s), size))
	})

	// A thread that was there before Enable.
	add("early_thread", func(s settings) {
		if C.stacks_start_early() != 0 {
			scenario.Must(fmt.Errorf("no thread"))
		}
		s.Enable()
		C.stacks_crash_early(crashFunction(s))
	})

	add("no_thread", func(s settings) {
		s.Enable()
		C.stacks_abort_without_thread()
	})

	// Many threads have come and gone before the crash.
	add("late_thread", func(s settings) {
		s.Enable()
		if C.stacks_short_threads(200) != 0 {
			scenario.Must(fmt.Errorf("no threads"))
		}
		s["place"] = "thread"
		crash(s)
	})

	// The number of mappings before and after so many short threads, once it is
	// no larger than before, or after a while.
	add("short_threads", func(s settings) {
		s.Enable()
		C.stacks_short_threads(64) // libc keeps some stacks for later
		before := mappings()
		if C.stacks_short_threads(C.int(s.Number("threads"))) != 0 {
			scenario.Must(syscall.EAGAIN)
		}
		most := mappings()
		after := most
		for deadline := time.Now().Add(5 * time.Second); after > before && time.Now().Before(deadline); {
			time.Sleep(50 * time.Millisecond)
			after = mappings()
		}
		scenario.Say("mappings before %d, at the end %d, after %d", before, most, after)
	})
}

func mappings() int {
	maps, err := os.ReadFile("/proc/self/maps")
	scenario.Must(err)
	return bytes.Count(maps, []byte("\n"))
}
