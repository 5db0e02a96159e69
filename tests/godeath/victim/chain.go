//go:build linux && (amd64 || arm64) && cgo

package main

// #include "victim.h"
import "C"

import (
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

// wrapper is an error with a method that does something when the chain is walked,
// which Go itself does not.
type wrapper struct{ unwrap func() error }

func (wrapper) Error() string   { return "outer" }
func (w wrapper) Unwrap() error { return w.unwrap() }

// changing has another text each time.
type changing struct{ calls *int }

func (c changing) Error() string {
	*c.calls++
	return "call " + string(rune('0'+*c.calls))
}

// named is a Stringer and a chain in one.
type named struct{ error }

func (n named) String() string { return "not this" }
func (n named) Unwrap() error  { return n.error }

func init() {
	unwrap := func(name string, f func() error) {
		kinds["unwrap-"+name] = func() { panic(wrapper{f}) }
	}
	unwrap("returns", func() error { return errGone })
	unwrap("panics", func() error { panic("in Unwrap") })
	unwrap("faults", func() error { return errors.New(string(rune(*nothing))) })
	unwrap("recovers", func() error { recovered(); return errGone })
	unwrap("hangs", func() error { <-never; return nil })
	unwrap("spins", func() error { spin(); return nil })
	unwrap("exits", func() error { os.Exit(9); return nil })
	unwrap("fatal", func() error { mapWrites(); return nil })
	unwrap("prints", func() error {
		println("printed")
		syscall.Write(2, []byte("written\n"))
		os.Stdout.WriteString("to standard output\n")
		return errGone
	})
	unwrap("crashes", func() error { C.victim_null(); return nil })
	unwrap("forks", func() error {
		syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
		return errGone
	})
	unwrap("allocates", func() error {
		for range 64 {
			large = make([]byte, 1<<20)
		}
		return errGone
	})
	unwrap("recurses", func() error { sink = recurse(0); return nil })
	unwrap("stack", func() error { deeper(20_000); return errGone })
	kinds["chain"] = func() { deep(func() { panic(chain()) }) }
	kinds["chain-goroutine"] = func() {
		go func() { panic(chain()) }()
		<-never
	}
	kinds["chain-nested"] = func() {
		defer func() { panic(chain()) }()
		panic("first")
	}
	kinds["chain-again"] = func() {
		defer func() { panic(recover()) }()
		panic(chain())
	}
	kinds["chain-changing"] = func() { panic(changing{new(int)}) }
	kinds["chain-nil"] = func() { panic(any(nil)) }
	kinds["chain-named"] = func() { panic(named{errGone}) }
	kinds["chain-refused"] = func() {
		C.victim_refuse_fork(false)
		panic(chain())
	}
	kinds["chain-forbidden"] = func() {
		C.victim_refuse_fork(true)
		panic(chain())
	}
	kinds["disable-deferred"] = func() {
		defer handler.Disable()
		panic(chain())
	}
	kinds["disable-recovered"] = func() {
		func() {
			defer func() {
				_ = recover()
				handler.Disable()
			}()
			panic("recovered")
		}()
		scenario.Say("enabled: %v", handler.Enabled())
		panic(chain())
	}
	// The collector is at work, and every P busy.
	kinds["chain-busy"] = func() {
		for range 2 * runtime.GOMAXPROCS(0) {
			go allocate()
		}
		for collections.Load() < 3 {
			runtime.Gosched()
		}
		panic(chain())
	}
	// The stack has grown, and the collector run, between the panic and the death.
	kinds["chain-moved"] = func() {
		defer func() {
			deeper(20_000)
			for range 3 {
				runtime.GC()
			}
		}()
		panic(chain())
	}
}

var collections atomic.Int64

// kept are parts of what was allocated, so that collections have work.
var kept [8]atomic.Pointer[[1000]*[64]byte]

func allocate() {
	for i := 0; ; i++ {
		list := new([1000]*[64]byte)
		for j := range list {
			list[j] = new([64]byte)
		}
		kept[i%len(kept)].Store(list)
		if i%200 == 0 {
			runtime.GC()
			collections.Add(1)
		}
	}
}

//go:noinline
func deeper(n int) int {
	var room [100]byte
	room[n%100] = 1
	if n > 0 {
		n = deeper(n-1) + int(room[(n+1)%100])
	}
	return n
}
