//go:build linux && (amd64 || arm64) && cgo

package main

// #include "crash.h"
// static int add(int a, int b) { return a + b; }
import "C"

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

// leak prints how many goroutines, descriptors and threads there are, after
// each of ten rounds of Enable and Disable.
func leak(s settings) {
	for range 10 {
		for range 10 {
			s.Enable()
			if !handler.Disable() {
				fmt.Println("was not enabled")
				os.Exit(1)
			}
		}
		fmt.Println(runtime.NumGoroutine(), entries("/proc/self/fd"), entries("/proc/self/task"))
	}
}

func entries(dir string) int {
	list, err := os.ReadDir(dir)
	scenario.Must(err)
	return len(list)
}

// idle does nothing, with as many goroutines as the setting parked says, until
// its input ends.
func idle(s settings) {
	park(s)
	s.Enable()
	debug.FreeOSMemory() // that starting left behind
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// service keeps its Ps busy with requests, each of which is some work in Go and
// calls of C. A line of its input has it say how many it has answered, and what
// it used of processors, in ns; "on" and "off" enable and disable Epitaph before
// that. It has a heap as services have one: with next to none, what Epitaph keeps
// would make the collector come less often, and the service faster.
func service(s settings) {
	heap := make([]byte, 64<<20)
	defer runtime.KeepAlive(heap)
	var requests atomic.Int64
	for range 2 * runtime.GOMAXPROCS(0) {
		go func() {
			for n := 0; ; n++ {
				m := map[int]int{}
				for i := range 64 {
					m[i] = int(C.add(C.int(i), C.int(n)))
				}
				requests.Add(1)
			}
		}()
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		switch lines.Text() {
		case "on":
			s.Enable()
		case "off":
			handler.Disable()
		}
		var used unix.Timespec
		scenario.Must(unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &used))
		fmt.Println(requests.Load(), used.Nano())
	}
}
