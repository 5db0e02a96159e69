//go:build linux && (amd64 || arm64) && cgo

package main

// #include "crash.h"
import "C"

import (
	"bufio"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/boxformat"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

// depth is that of the goroutines' stacks. Each is another one, so that together
// they fill a snapshot.
const depth = 60

//go:noinline
func before(n int, end chan bool) {
	if n > 0 {
		before(n-1, end)
		return
	}
	<-end
}

//go:noinline
func after(n int, end chan bool) {
	if n > 0 {
		after(n-1, end)
		return
	}
	<-end
}

// newest is the number of the newest snapshot in the ring.
func newest() (sequence uint64) {
	for i := range uintptr(boxformat.SlotCount) {
		slot := (*uint64)(unsafe.Add(cgo.Ring(), i*boxformat.SlotSize))
		sequence = max(sequence, atomic.LoadUint64(slot))
	}
	return sequence
}

// awaitSnapshot waits for one that begins from now on.
func awaitSnapshot() {
	for end := newest() + 2*2; newest() < end; {
		time.Sleep(time.Millisecond)
	}
}

// snapshots has a dump write one snapshot, and then a crash a newer one. Standard
// input says when to go on.
func snapshots(s settings) {
	// A crash that asked the dump's thread for its stack would hold it.
	scenario.Must(handler.Enable(append(s.Options(), handler.WithSnapshot(10*time.Millisecond),
		handler.WithOneThread())...))
	trouble(s)
	end := make(chan bool)
	for n := range depth {
		go before(n, end)
	}
	awaitSnapshot()
	go func() {
		err := handler.Dump(handler.WithOutput(os.NewFile(4, "dump")), handler.WithDeadline(20*time.Second))
		scenario.Say("the dump is over: %v", err)
	}()
	bufio.NewReader(os.Stdin).ReadString('\n')
	close(end)
	for n := range depth {
		go after(n, make(chan bool))
	}
	awaitSnapshot()
	C.victim_on_thread(0)
}
