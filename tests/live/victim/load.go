//go:build linux && (amd64 || arm64) && cgo

package main

// #include "crash.h"
import "C"

import (
	"bytes"
	"context"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"unsafe"
)

// Ten functions to wait in.
//
//go:noinline
func place0(c chan int) { <-c }

//go:noinline
func place1(c chan int) { <-c }

//go:noinline
func place2(c chan int) { <-c }

//go:noinline
func place3(c chan int) { <-c }

//go:noinline
func place4(c chan int) { <-c }

//go:noinline
func place5(c chan int) { <-c }

//go:noinline
func place6(c chan int) { <-c }

//go:noinline
func place7(c chan int) { <-c }

//go:noinline
func place8(c chan int) { <-c }

//go:noinline
func place9(c chan int) { <-c }

var places = [...]func(chan int){place0, place1, place2, place3, place4, place5, place6, place7, place8, place9}

// never is what the goroutines wait for.
var never = make(chan int)

// park starts as many goroutines as the setting parked says, in ten places, and
// returns when all of them wait there. Up to depth calls are below each.
func park(s settings) {
	n, depth := s.Number("parked"), s.Number("depth")
	for i := range n {
		go below(depth, places[i%len(places)])
	}
	buf := make([]byte, 4096+n*(1024+200*depth))
	for n > 0 {
		text := buf[:runtime.Stack(buf, true)]
		if bytes.Count(text, []byte("\nmain.place")) == n && bytes.Count(text, []byte(" [chan receive]:\nmain.place")) == n {
			return
		}
		runtime.Gosched()
	}
}

//go:noinline
func below(depth int, place func(chan int)) int {
	if depth > 0 {
		return below(depth-1, place) + 1
	}
	place(never)
	return 0
}

// startLoad starts what the settings spin, hard, gc and damage say, in a goroutine: this one
// may not come to run again.
func startLoad(s settings) {
	if s["labels"] != "" {
		ready := make(chan bool)
		go pprof.Do(context.Background(), pprof.Labels("request", "a, [b] = c"), func(context.Context) {
			close(ready)
			<-never
		})
		<-ready
	}
	for range s.Number("hard") {
		go hardLoop()
	}
	if s["damage"] != "" {
		damage(s.Number("damage"))
	}
	if s["spin"]+s["gc"] == "" {
		return
	}
	go func() {
		// All at once, so that none is in the way of those that start after it.
		start := make(chan bool)
		for range s.Number("spin") {
			go spinner(start)
		}
		close(start)
		for range s.Number("gc") {
			go collect()
		}
	}()
}

var sink int

//go:noinline
func step(n int) int { return n*7 + 1 }

// spinner uses a P for good, and can be preempted.
func spinner(start chan bool) {
	<-start
	for n := 0; ; n = step(n) {
		if n == 1<<40 {
			sink = n
		}
	}
}

// hardLoop calls nothing: it can be preempted by a signal only.
func hardLoop() {
	for n := 0; ; n++ {
		if n == -1 {
			sink = n
		}
	}
}

type node struct {
	next *node
	data [6]int
}

// collect runs the garbage collector flat out over something to mark.
func collect() {
	debug.SetGCPercent(1)
	for {
		var list *node
		for range 10000 {
			list = &node{next: list}
		}
		runtime.GC()
		runtime.KeepAlive(list)
	}
}

var damaged []*node

// damage lets C write over a quarter of SIZE KiB of Go's heap, where objects with pointers are.
func damage(size int) {
	for range size * 1024 / 112 {
		damaged = append(damaged, &node{next: new(node)})
	}
	C.victim_damage(C.uintptr_t(uintptr(unsafe.Pointer(damaged[len(damaged)/2]))), C.size_t(size*1024/4))
}
