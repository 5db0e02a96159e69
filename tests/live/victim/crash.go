//go:build linux && (amd64 || arm64) && cgo

package main

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE -Wall -Wextra
// #include "crash.h"
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

// crash starts the load and crashes in the setting place.
func crash(s settings) {
	s.Enable()
	trouble(s)
	park(s)
	startLoad(s)
	ms := C.int(s.Number("delay"))
	switch s["place"] {
	case "", "cgo":
		C.victim_crash(ms)
	case "goroutine":
		done := make(chan bool)
		go func() {
			C.victim_crash(ms)
			close(done)
		}()
		<-done
	case "callback":
		C.victim_call_back(ms)
	case "thread":
		if errno := C.victim_on_thread(ms); errno != 0 {
			scenario.Must(syscall.Errno(errno))
		}
	case "go":
		// On this very thread, which runs Go code and keeps its P. SIGABRT
		// would be what Go ends a process with.
		runtime.LockOSThread()
		scenario.Must(raw(syscall.SYS_TGKILL, os.Getpid(), syscall.Gettid(), int(syscall.SIGBUS)))
	default:
		scenario.Must(fmt.Errorf("no place %q", s["place"]))
	}
	fmt.Fprintln(os.Stderr, "victim: went on after the crash")
	os.Exit(3)
}

func raw(number uintptr, a, b, c int) error {
	if _, _, errno := syscall.RawSyscall(number, uintptr(a), uintptr(b), uintptr(c)); errno != 0 {
		return errno
	}
	return nil
}

//export goCallBack
func goCallBack(ms C.int) { C.victim_crash(ms) }
