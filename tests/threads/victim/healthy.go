//go:build cgo && linux && (amd64 || arm64)

package main

// #include "healthy.h"
// static void crash_healthy(void) { *(volatile int *)8 = 1; }
import "C"

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

const threadSignal = 50

func init() {
	scenarios["exec"] = execWhileAsked
	scenarios["pending"] = func(int) error { fmt.Println("pending", int(C.healthy_pending())); return nil }
	scenarios["reset"] = reset
	scenarios["take"] = take
	scenarios["polls"] = polls
	scenarios["work"] = work
	scenarios["trap"] = func(seconds int) error { return filtered(seconds, func() C.int { return C.healthy_trap_openat() }) }
	scenarios["looks"] = looks
	scenarios["list"] = func(seconds int) error {
		return filtered(seconds, func() C.int { return C.healthy_kill_for_listing() })
	}
}

// execWhileAsked dumps while a thread blocks the signal that it is asked with, and has
// that thread execute this program anew.
func execWhileAsked(int) error {
	if err := enable(handler.WithThreadSignal(syscall.Signal(threadSignal))); err != nil {
		return err
	}
	C.healthy_exec_start(threadSignal)
	if err := dump(true); err != nil {
		return err
	}
	C.healthy_exec()
	return nil
}

// reset has a thread that needs an alternate stack, and no handler of the signal any
// more that it would be asked with.
func reset(seconds int) error {
	if err := enable(handler.WithThreadSignal(syscall.Signal(threadSignal))); err != nil {
		return err
	}
	C.healthy_reset(threadSignal)
	C.healthy_start_reader()
	time.Sleep(time.Duration(seconds) * time.Second)
	fmt.Println("alive 1")
	return nil
}

// take has a thread without an alternate stack that blocks all signals ask for whatever
// is pending, after a dump or, where that is 0, after so many seconds.
func take(seconds int) error {
	C.healthy_start_taker()
	if err := enable(); err != nil {
		return err
	}
	if seconds == 0 {
		if err := dump(true); err != nil {
			return err
		}
	}
	time.Sleep(time.Duration(seconds) * time.Second)
	fmt.Println("taken", int(C.healthy_taken()))
	return nil
}

func polls(rounds int) error {
	if err := enable(); err != nil {
		return err
	}
	fmt.Println("interrupted", int(C.healthy_polls(C.int(rounds), 40, 1500)))
	return nil
}

// work has a thread of C do what the hook of a crash waits for.
func work(ms int) error {
	C.healthy_start_worker()
	err := enable(handler.WithDeadline(10*time.Second), handler.WithOnCrash(func(context.Context, []byte) {
		fmt.Println("done", int(C.healthy_work(C.int(ms))))
	}))
	if err != nil {
		return err
	}
	time.Sleep(100 * time.Millisecond) // the thread waits
	C.crash_healthy()
	return nil
}

// filtered puts up a filter of system calls after Enable, and goes on so many seconds.
func filtered(seconds int, filter func() C.int) error {
	if err := enable(); err != nil {
		return err
	}
	if error := filter(); error != 0 {
		return syscall.Errno(error)
	}
	time.Sleep(time.Duration(seconds) * time.Second)
	fmt.Println("alive 1")
	return nil
}

// looks counts for so many seconds how often a thread is looked at that never sleeps in a
// call which a signal would not end.
func looks(seconds int) error {
	if error := C.healthy_trap_looks(); error != 0 {
		return syscall.Errno(error)
	}
	if err := enable(); err != nil {
		return err
	}
	fmt.Println("looks", int(C.healthy_looks(C.int(seconds*1000))))
	return nil
}
