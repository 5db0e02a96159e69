//go:build cgo && linux && (amd64 || arm64)

package main

// #include <signal.h>
// #include "sent.h"
import "C"

import (
	"fmt"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"github.com/epitaph-go/epitaph/handler"
)

func init() {
	scenarios["sent"] = sent
	scenarios["sent-self"] = sentSelf
	scenarios["sent-disabled"] = sentDisabled
	scenarios["released"] = released
	scenarios["raised"] = raised
	scenarios["attribute"] = attribute
}

// sent dumps while a thread has SIGSEGV pending that it has blocked past libc (1) or by it (0).
func sent(past int) error {
	if err := enable(); err != nil {
		return err
	}
	C.sent_start(C.int(past))
	C.sent_send()
	time.Sleep(50 * time.Millisecond) // the handler on it may be at work
	return dump(true)
}

// sentSelf is as sent, and the thread is the one that dumps.
func sentSelf(int) error {
	if err := enable(); err != nil {
		return err
	}
	runtime.LockOSThread()
	C.sent_self()
	return dump(true)
}

// sentDisabled sends it after Disable to a thread that takes it for blocked.
func sentDisabled(int) error {
	if err := enable(); err != nil {
		return err
	}
	C.sent_start(0)
	handler.Disable()
	C.sent_send()
	time.Sleep(50 * time.Millisecond) // it might kill
	fmt.Println("alive")
	return nil
}

// released counts the handlers that Disable has put back, after Go and C have made threads.
func released(int) error {
	signals := []C.int{C.SIGSEGV, C.SIGBUS, C.SIGFPE, C.SIGILL}
	before := make([]unsafe.Pointer, len(signals))
	for i, signal := range signals {
		before[i] = C.sent_handler(signal)
	}
	if err := enable(); err != nil {
		return err
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			runtime.LockOSThread() // ends with its thread
			C.sent_block_and_end()
		})
	}
	all.Wait()
	handler.Disable()
	same := 0
	for i, signal := range signals {
		if C.sent_handler(signal) == before[i] {
			same++
		}
	}
	fmt.Println("released", same)
	return nil
}

func attribute(int) error {
	if err := enable(); err != nil {
		return err
	}
	fmt.Println("blocked", C.sent_attribute())
	return nil
}

// raised has a thread raise SIGSEGV that is older than Epitaph, while Go creates threads.
func raised(int) error {
	C.sent_start_older()
	if err := enable(); err != nil {
		return err
	}
	for range 2 {
		go func() {
			for { // one that ends locked to its thread ends that, too
				done := make(chan bool)
				go func() {
					runtime.LockOSThread()
					close(done)
				}()
				<-done
			}
		}()
	}
	time.Sleep(50 * time.Millisecond)
	C.sent_raise()
	time.Sleep(10 * time.Second)
	return nil
}
