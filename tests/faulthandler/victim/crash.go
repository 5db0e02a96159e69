//go:build cgo && linux && (amd64 || arm64)

package main

// #include <stdlib.h>
// #include "native.h"
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

func enabled(settings) error {
	fmt.Println(handler.Enabled())
	if err := handler.Enable(); err != nil {
		return err
	}
	fmt.Println(handler.Enabled(), handler.Disable(), handler.Enabled(), handler.Disable())
	return nil
}

// disable crashes after Disable.
func disable(settings) error {
	if err := handler.Enable(); err != nil {
		return err
	}
	handler.Disable()
	C.crash_raise(C.int(syscall.SIGSEGV))
	return nil
}

func crash(s settings) error {
	opts, err := s.options()
	if err != nil {
		return err
	}
	if n := s.number("waiters", 0); n > 0 {
		C.start_waiters(C.int(n))
	}
	if err := handler.Enable(opts...); err != nil {
		return err
	}
	if err := handler.Ready(context.Background()); err != nil {
		return err
	}
	funcA(func() { crashAs(s) })
	return nil
}

func crashAs(s settings) {
	switch kind := s["kind"]; {
	case s.is("thread"):
		C.crash_on_thread(C.CString(kind))
	case kind == "overflow":
		C.crash_overflow()
	case kind == "abort":
		C.crash_abort()
	case kind == "assert":
		C.crash_assert()
	case kind == "long":
		C.crash_long_name()
	case kind == "raise":
		C.crash_raise(C.int(s.sig()))
	case kind == "two":
		C.crash_two_threads()
	case kind == "finalizer":
		finalizer()
	default:
		C.crash_read_null()
	}
}

// finalizer crashes in C that a finalizer calls.
func finalizer() {
	type thing struct{ text [64]byte }
	runtime.SetFinalizer(new(thing), func(*thing) { C.crash_read_null() })
	for range 100 {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
}

// funcA and funcB are to be seen on the stack, the inner one first.
//
//go:noinline
func funcA(do func()) { funcB(do) }

//go:noinline
func funcB(do func()) { do() }

// twins waits for its input to end, and dumps or crashes then: two of them do it
// at the same time, into one file.
func twins(s settings) error {
	opts, err := s.options()
	if err != nil {
		return err
	}
	C.start_waiters(C.int(s.number("waiters", 50)))
	for i := range 50 {
		go func() { time.Sleep(time.Hour + time.Duration(i)) }()
	}
	if err := handler.Enable(opts...); err != nil {
		return err
	}
	if err := handler.Ready(context.Background()); err != nil {
		return err
	}
	fmt.Println("ready")
	untilInputEnds()
	for range s.number("dumps", 0) {
		if err := handler.Dump(opts...); err != nil {
			return err
		}
	}
	if s.number("dumps", 0) == 0 {
		C.crash_read_null()
	}
	return nil
}
