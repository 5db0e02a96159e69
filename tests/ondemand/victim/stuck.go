//go:build linux && (amd64 || arm64) && cgo

package main

// #include "stuck.h"
import "C"

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

// Programs that hang. A timer ends them.
func init() {
	for name, hang := range map[string]func(){
		"c":          waitInC,
		"mutexes":    deadlockInGo,
		"c-mutexes":  deadlockInC,
		"loop":       loopWithoutPreemption,
		"gc-blocked": blockCollector,
	} {
		add("stuck-"+name, func(s settings) {
			enable(s)
			// The names of C functions are looked up from the first timer on, and may take
			// more than its second on a machine that is busy.
			must(handler.DumpLater(time.Hour))
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			must(handler.Ready(ctx))
			must(handler.DumpLater(time.Second, timer(s)...))
			hang()
		})
	}
}

//go:noinline
func waitInC() { C.stuck_wait_for_ever() }

//go:noinline
func deadlockInGo() {
	var a, b sync.Mutex
	var both sync.WaitGroup
	both.Add(2)
	take := func(first, second *sync.Mutex) {
		first.Lock()
		both.Done()
		both.Wait()
		second.Lock()
	}
	go takeThenOther(take, &a, &b)
	takeThenOther(take, &b, &a)
}

//go:noinline
func takeThenOther(take func(a, b *sync.Mutex), a, b *sync.Mutex) { take(a, b) }

//go:noinline
func deadlockInC() {
	go C.stuck_take_first_then_second()
	C.stuck_take_second_then_first()
}

var turns int

//go:noinline
func loopWithoutPreemption() {
	for {
		turns++
	}
}

//go:noinline
func blockCollector() {
	// No other collection is in the way.
	debug.SetGCPercent(-1)
	runtime.GC()
	go collect()
	loopWithoutPreemption()
}

//go:noinline
func collect() {
	time.Sleep(50 * time.Millisecond)
	runtime.GC()
}
