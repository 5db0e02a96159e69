//go:build linux && (amd64 || arm64) && cgo

package main

import (
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

// Programs that do something when a goroutine of theirs panics.
func init() {
	busy := func(name string, n func() int, work func()) {
		kinds["busy-"+name] = func() {
			for range n() {
				go func() {
					for {
						work()
					}
				}()
			}
			time.Sleep(50 * time.Millisecond)
			panic("boom")
		}
	}
	allPs := func() int { return 2 * runtime.GOMAXPROCS(0) }
	busy("spins", allPs, spin)
	busy("allocates", allPs, func() { allocateTree(12) })
	busy("collects", allPs, runtime.GC)
	busy("stops", allPs, func() { runtime.ReadMemStats(new(runtime.MemStats)) })
	busy("procs", func() int { return 1 }, func() { runtime.GOMAXPROCS(1 + runtime.GOMAXPROCS(0)%4) })
	busy("writes", allPs, writeFile)
	busy("sleeps", func() int { return 1000 }, func() { time.Sleep(time.Millisecond) })
	busy("talks", func() int { return 1 }, talk)
	// Main waits for a goroutine that panics, and exits.
	kinds["exits-0"] = func() {
		var wait sync.WaitGroup
		wait.Add(1)
		go func() {
			defer wait.Done()
			panic("boom")
		}()
		wait.Wait()
		time.Sleep(20 * time.Millisecond)
		os.Exit(0)
	}
	// Main waits for it, and returns.
	kinds["exits-main"] = func() {
		done := make(chan int)
		go func() {
			defer close(done)
			panic("boom")
		}()
		<-done
		scenario.Returns = true
	}
	// Another goroutine panics as soon as it can.
	kinds["panics-later"] = func() {
		for range allPs() {
			go func() {
				for began := time.Now(); time.Since(began) < 100*time.Millisecond; {
					runtime.Gosched()
				}
				panic("later")
			}()
		}
		panic("boom")
	}
	// A goroutine holds the lock that the crash hook takes, and is stopped with it.
	kinds["locked"] = func() {
		for range allPs() {
			go func() {
				for {
					lock.Lock()
					allocateTree(10)
					lock.Unlock()
				}
			}()
		}
		time.Sleep(20 * time.Millisecond)
		panic("boom")
	}
}

// A tree is garbage that the collector has to look through.
type tree struct{ left, right *tree }

func allocateTree(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{allocateTree(depth - 1), allocateTree(depth - 1)}
}

func writeFile() {
	f, err := os.OpenFile("/dev/null", os.O_WRONLY, 0)
	scenario.Must(err)
	f.Write([]byte("text"))
	f.Close()
}

// talk has a ball go to and fro.
func talk() {
	there, back := make(chan int), make(chan int)
	go func() {
		for n := range there {
			back <- n + 1
		}
	}()
	for n := 0; ; n = <-back {
		there <- n
	}
}
