//go:build cgo && linux && (amd64 || arm64)

package main

// #include "native.h"
import "C"

import (
	"context"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/epitaph-go/epitaph/handler"
)

func untilInputEnds() { io.Copy(io.Discard, os.Stdin) }

func dump(s settings) error {
	opts, err := s.options()
	if err != nil {
		return err
	}
	write := handler.Dump
	if s.is("native") {
		write = handler.DumpNative
	}
	funcA(func() {
		if err == nil {
			err = write(opts...)
		}
	})
	return err
}

// threads dumps with N threads of C that wait, and a goroutine.
func threads(s settings) error {
	opts, err := s.options()
	if err != nil {
		return err
	}
	go goWaiter(make(chan int))
	C.start_waiters(C.int(s.number("waiters", 1)))
	if err := handler.Enable(); err != nil { // for the names of C functions
		return err
	}
	if err := handler.Ready(context.Background()); err != nil {
		return err
	}
	return handler.Dump(opts...)
}

//go:noinline
func goWaiter(c chan int) { <-c }

// stress dumps while threads come and go.
func stress(s settings) error {
	for range s.number("rounds", 100) {
		C.start_waiters(3)
		done := make(chan error)
		go func() { done <- handler.Dump() }()
		C.release_waiters()
		if err := <-done; err != nil {
			return err
		}
	}
	return nil
}

// closed has no standard error.
func closed(s settings) error {
	if err := syscall.Close(2); err != nil {
		return err
	}
	fmt.Println(handler.Enable())
	fmt.Println(handler.Dump())
	fmt.Println(handler.DumpNative())
	fmt.Println(handler.Register(s.sig()))
	opts, err := s.options()
	if err != nil {
		return err
	}
	return handler.Dump(opts...)
}
