//go:build linux && amd64 && cgo

package main

// #include "crash.h"
// static int add(int a, int b) { return a + b; }
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

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

// service prints how many requests a busy service answers in a second, with
// Epitaph and without, in turns: each request is some work in Go and a call of
// C.
func service(s settings) {
	for range s.Number("rounds") {
		without := serve(200 * time.Millisecond)
		s.Enable()
		with := serve(200 * time.Millisecond)
		handler.Disable()
		fmt.Println(without, with)
	}
}

func serve(d time.Duration) int64 {
	var stop atomic.Bool
	var requests atomic.Int64
	var workers sync.WaitGroup
	for range 4 * runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			var n int64
			for ; !stop.Load(); n++ {
				m := map[int]int{}
				for i := range 64 {
					m[i] = int(C.add(C.int(i), C.int(n)))
				}
			}
			requests.Add(n)
		})
	}
	time.Sleep(d)
	stop.Store(true)
	workers.Wait()
	return requests.Load()
}
