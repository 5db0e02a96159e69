//go:build linux && amd64 && cgo

package main

import (
	"sync"
	"time"
)

// park starts n goroutines that wait in four ways, at the end of calls as a
// service has them, and returns when all of them are there.
func park(n int) {
	var arrived sync.WaitGroup
	arrived.Add(n)
	for i := range n {
		go serveConn(i, arrived.Done)
	}
	arrived.Wait()
}

//go:noinline
func serveConn(i int, arrived func()) { handleRequest(i, arrived) }

//go:noinline
func handleRequest(i int, arrived func()) { query(i, arrived) }

//go:noinline
func query(i int, arrived func()) {
	switch i % 4 {
	case 0:
		receive(make(chan int), arrived)
	case 1:
		either(make(chan int), make(chan int), arrived)
	case 2:
		pause(arrived)
	default:
		lock(new(sync.Mutex), arrived)
	}
}

//go:noinline
func receive(c chan int, arrived func()) {
	arrived()
	<-c
}

//go:noinline
func either(c, d chan int, arrived func()) {
	arrived()
	select {
	case <-c:
	case <-d:
	}
}

//go:noinline
func pause(arrived func()) {
	arrived()
	time.Sleep(time.Hour)
}

//go:noinline
func lock(m *sync.Mutex, arrived func()) {
	m.Lock()
	defer m.Unlock()
	arrived()
	m.Lock() // for ever
}
