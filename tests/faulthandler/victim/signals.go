//go:build cgo && linux && (amd64 || arm64)

package main

// #include "native.h"
import "C"

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

// raise sends the process a signal, as Python's os.kill(os.getpid(), signum) does:
// to this thread, so that it is known where it hits.
func raise(sig syscall.Signal) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return syscall.Tgkill(os.Getpid(), syscall.Gettid(), sig)
}

// register dumps at one signal, and ends well.
func register(s settings) error {
	opts, err := s.options()
	if err != nil {
		return err
	}
	if err := handler.Register(s.sig(), opts...); err != nil {
		return err
	}
	if err := handler.Ready(context.Background()); err != nil {
		return err
	}
	if n := s.number("waiters", 0); n > 0 {
		C.start_waiters(C.int(n))
	}
	switch {
	case s.is("thread"):
		C.raise_on_thread(C.int(s.sig()))
	default:
		funcA(func() { err = raise(s.sig()) })
	}
	fmt.Println("went on, unregistered:", handler.Unregister(s.sig()), handler.Unregister(s.sig()))
	return err
}

// unregister raises a signal that is registered no more.
func unregister(s settings) error {
	if err := handler.Register(s.sig()); err != nil {
		return err
	}
	fmt.Println("unregistered:", handler.Unregister(s.sig()))
	if err := raise(s.sig()); err != nil {
		return err
	}
	time.Sleep(100 * time.Millisecond)
	fmt.Println("still there")
	return nil
}

// chain registers a signal that has another handler too: a handler of C, or a
// channel of os/signal, before or after.
func chain(s settings) error {
	opts, err := s.options()
	if err != nil {
		return err
	}
	channel := make(chan os.Signal, 10)
	if s["enable"] == "before" {
		if err := handler.Enable(); err != nil {
			return err
		}
	}
	switch s["who"] {
	case "c":
		C.count_signals(C.int(s.sig()))
	case "once":
		C.count_one_signal(C.int(s.sig()))
	case "before":
		signal.Notify(channel, s.sig())
	case "ignored":
		signal.Ignore(s.sig())
	}
	if err := handler.Register(s.sig(), opts...); err != nil {
		return err
	}
	switch s["who"] {
	case "after":
		signal.Notify(channel, s.sig())
	case "ignore-after":
		signal.Ignore(s.sig())
	case "all-after":
		signal.Notify(channel)
	case "stop":
		signal.Notify(channel, s.sig())
		signal.Stop(channel)
	}
	if s["enable"] == "after" {
		if err := handler.Enable(); err != nil {
			return err
		}
	}
	for range s.number("raises", 1) {
		if s.is("thread") {
			C.raise_on_thread(C.int(s.sig()))
		} else if err := raise(s.sig()); err != nil {
			return err
		}
	}
	late := time.After(time.Duration(s.number("wait", 300)) * time.Millisecond)
	for waiting := true; waiting; {
		select {
		case sig := <-channel:
			if waiting = sig != s.sig(); !waiting { // Go sends itself SIGURG
				fmt.Println("channel:", sig)
			}
		case <-late:
			waiting = false
		}
	}
	fmt.Println("counted:", C.counted_signals(), "of itself:", int(C.counted_sender()) == os.Getpid())
	fmt.Println("unregistered:", handler.Unregister(s.sig()))
	return nil
}

// restored says whether the actions for two signals are the same, as Go's are, while
// one of them is registered and when it is no more.
func restored(s settings) error {
	same := func(when string) {
		fmt.Println(when, C.same_handler(C.int(s.sig()), C.int(syscall.SIGTERM)) != 0)
	}
	same("at first:")
	if err := handler.Enable(); err != nil {
		return err
	}
	for _, disable := range []bool{false, true} {
		if err := handler.Register(s.sig()); err != nil {
			return err
		}
		same("registered:")
		if disable {
			handler.Disable()
		}
		handler.Unregister(s.sig())
		same("unregistered:")
	}
	return nil
}

// serve works until its input ends, and says whether everything went as it must.
func serve(s settings) error {
	opts, err := s.options()
	if err != nil {
		return err
	}
	if err := handler.Register(s.sig(), opts...); err != nil {
		return err
	}
	var stop bool
	var mu sync.Mutex
	var workers sync.WaitGroup
	wrong := 0
	for range 4 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			data := make([]byte, 10_000)
			want := crc32.ChecksumIEEE(data)
			for {
				garbage := make([][]byte, 10)
				for i := range garbage {
					garbage[i] = make([]byte, 1000)
				}
				mu.Lock()
				if crc32.ChecksumIEEE(data) != want || len(garbage[9]) != 1000 {
					wrong++
				}
				ended := stop
				mu.Unlock()
				if ended {
					return
				}
				time.Sleep(time.Millisecond)
			}
		}()
	}
	rounds := C.long(1)
	if !s.is("pure") {
		C.start_work()
	}
	fmt.Println("ready")
	in := bufio.NewReader(os.Stdin)
	for line, err := in.ReadString('\n'); err == nil; line, err = in.ReadString('\n') {
		if strings.HasPrefix(line, "raise") { // from threads of its own
			for range s.number("raises", 100) {
				C.raise_on_thread(C.int(s.sig()))
			}
			fmt.Println("raised")
		}
	}
	mu.Lock()
	stop = true
	mu.Unlock()
	workers.Wait()
	if !s.is("pure") {
		wrong += int(C.end_work(&rounds))
	}
	fmt.Println("unregistered:", handler.Unregister(s.sig()))
	fmt.Println("wrong:", wrong)
	if rounds == 0 {
		return errors.New("nothing was done")
	}
	return nil
}

// refused prints the errors of Register.
func refused(settings) error {
	for _, sig := range []syscall.Signal{syscall.SIGSEGV, syscall.SIGABRT, syscall.SIGSYS, syscall.SIGKILL, syscall.SIGSTOP,
		syscall.SIGURG, syscall.SIGPROF, 0, -1, 32, 33, 34, 65, 1000} {
		fmt.Println(handler.Register(sig), handler.Unregister(sig))
	}
	// The core's own, by which Enable was told to ask the threads.
	if err := handler.Enable(handler.WithThreadSignal(50)); err != nil {
		return err
	}
	fmt.Println(handler.Register(syscall.Signal(50)))
	fmt.Println(handler.Register(syscall.Signal(51)))
	fmt.Println(handler.Enable(handler.WithThreadSignal(51)))
	return nil
}

// fork raises the signal in a forked child.
func fork(s settings) error {
	opts, err := s.options()
	if err != nil {
		return err
	}
	if err := handler.Register(s.sig(), opts...); err != nil {
		return err
	}
	status := syscall.WaitStatus(C.fork_and_raise(C.int(s.sig()), 7))
	fmt.Println("child:", status.Exited(), status.ExitStatus(), status.Signaled(), status.Signal())
	fmt.Println("unregistered:", handler.Unregister(s.sig()))
	return nil
}

// taken has its signal taken away by a library, and registers it again.
func taken(s settings) error {
	if err := handler.Register(s.sig(), handler.WithOneThread()); err != nil {
		return err
	}
	C.count_signals(C.int(s.sig()))
	if err := raise(s.sig()); err != nil {
		return err
	}
	fmt.Println("counted:", C.counted_signals())
	if err := handler.Register(s.sig(), handler.WithOneThread()); err != nil {
		return err
	}
	if err := raise(s.sig()); err != nil {
		return err
	}
	fmt.Println("unregistered:", handler.Unregister(s.sig()))
	fmt.Println("counted:", C.counted_signals())
	return nil
}

// reuse closes descriptors that it does not know, as daemons do, but not those of
// Go's runtime, and opens a file of its own until it has as many. Then it raises
// the signal.
func reuse(s settings) error {
	opts, err := s.options()
	if err != nil {
		return err
	}
	if err := handler.Register(s.sig(), opts...); err != nil {
		return err
	}
	for fd := 20; fd < 100; fd++ {
		syscall.Close(fd)
	}
	for range 97 {
		if _, err := syscall.Open(s["own"], syscall.O_WRONLY|syscall.O_CREAT|syscall.O_APPEND, 0o600); err != nil {
			return err
		}
	}
	if err := raise(s.sig()); err != nil {
		return err
	}
	fmt.Println("unregistered:", handler.Unregister(s.sig()))
	return nil
}
