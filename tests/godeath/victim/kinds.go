//go:build linux && (amd64 || arm64) && cgo

package main

// #include "victim.h"
import "C"

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() {
	kinds["coroutine"] = func() { C.victim_coroutine() }
	kinds["panic"] = func() { deep(boom) }
	kinds["panic-lines"] = func() { panic("first line\n\tsecond \\ \"line\" \x1b[31m é 世\x80\n") }
	kinds["panic-long"] = func() { panic(strings.Repeat("x", 600) + "\n" + strings.Repeat(strings.Repeat("y", 98)+"\n", 30_000)) }
	kinds["panic-wide"] = func() { panic(strings.Repeat("\x01", 600)) }
	kinds["error"] = func() { panic(fmt.Errorf("serve: %w", fmt.Errorf("read: %w", errors.New("disk gone")))) }
	kinds["custom"] = func() { panic(struct{ a, b int }{1, 2}) }
	kinds["number"] = func() { panic(status(7)) }
	kinds["nested"] = func() {
		defer func() { panic("second") }()
		panic("first")
	}
	kinds["nested-fatal"] = func() {
		defer func() { new(sync.Mutex).Unlock() }()
		panic("first")
	}
	kinds["goroutine"] = func() {
		go func() { panic("boom") }()
		<-never
	}
	kinds["again"] = func() {
		defer func() { panic(recover()) }()
		panic("boom")
	}
	kinds["exits"] = func() { // with another panic on its way
		defer func() { panic(errors.New("after all")) }()
		func() {
			defer func() { recover() }()
			panic("recovered")
		}()
	}
	kinds["panicking-error"] = func() { panic(faulty{}) }
	kinds["nil"] = func() { _ = *nothing }
	kinds["nil-func"] = func() { noFunction() }
	kinds["divide"] = func() { sink = 1 / zero }
	kinds["index"] = func() { sink = make([]int, 3)[5+zero] }
	kinds["callback"] = func() { C.victim_callback() }
	kinds["map"] = func() { mapWrites() }
	kinds["unlock"] = func() { new(sync.Mutex).Unlock() }
	kinds["fault"] = func() { sink = *(*int)(*(*unsafe.Pointer)(unsafe.Pointer(&unmapped))) }
	kinds["fault-assembly"] = func() { sink = compare(noAccess(), make([]byte, 4096)) }
	kinds["stack"] = func() {
		debug.SetMaxStack(64 << 10)
		sink = recurse(0)
	}
	kinds["memory"] = func() {
		// What is left to be swept would be first, and may need memory of its own.
		runtime.GC()
		scenario.Must(syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: 1 << 30, Max: 1 << 30}))
		large = make([]byte, 1<<40)
	}
	kinds["collector"] = func() {
		damaged = new([100]*int)
		// The type of an object of this size stands before it (runtime/mbitmap.go).
		*(*uintptr)(unsafe.Add(unsafe.Pointer(damaged), -8)) = 8
		runtime.GC()
	}
	kinds["tgkill"] = func() {
		syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(os.Getpid()), uintptr(syscall.Gettid()), uintptr(syscall.SIGABRT))
	}
	kinds["c-null"] = func() { C.victim_null() }
	kinds["at-once"] = func() {
		for i := range max(8, set.Number("goroutines")) {
			go func() {
				if i%2 == 0 {
					panic("boom")
				}
				for {
					recovered()
				}
			}()
		}
		<-never
	}
	kinds["close"] = func() {
		closeAndReuse()
		panic("boom")
	}
	kinds["wait"] = func() {
		scenario.Say("ready")
		d := time.Minute
		if wait := set["wait"]; wait != "" {
			var err error
			d, err = time.ParseDuration(wait)
			scenario.Must(err)
		}
		time.Sleep(d)
	}
	kinds["recovered"] = func() {
		recovered()
		panic("boom")
	}
}

var (
	nothing    *int
	noFunction func()
	zero, sink int
	large      []byte
	damaged    *[100]*int
	// Behind everything that Linux maps for a program of this size.
	unmapped uintptr = 0x500000000000
)

type status int

type faulty struct{}

func (faulty) Error() string { panic("in Error") }

//go:noinline
func boom() { panic("boom") }

//go:noinline
func deep(f func()) { f() }

//go:noinline
func recurse(n int) int {
	var room [100]int
	room[n%100] = n
	//lint:ignore SA5007 the stack is to overflow
	return recurse(n+1) + room[(n+1)%100]
}

func recovered() {
	defer func() { recover() }()
	_ = *nothing
}

// mapWrites makes a map that counts as one that is being written to: the byte of
// internal/runtime/maps.Map that says so is set.
func mapWrites() {
	const writing = 34
	m := map[int]int{1: 1}
	*(*byte)(unsafe.Add(*(*unsafe.Pointer)(unsafe.Pointer(&m)), writing)) ^= 1
	m[2] = 2
}

// closeAndReuse closes the descriptors that it does not know, and has a file of
// its own at their numbers; long enough to be noticed.
func closeAndReuse() {
	const first, last = 40, 70
	data, err := syscall.Open(set["data"], syscall.O_CREAT|syscall.O_WRONLY, 0o600)
	scenario.Must(err)
	for fd := first; fd < last; fd++ {
		syscall.Close(fd)
		scenario.Must(syscall.Dup3(data, fd, 0))
	}
	time.Sleep(2500 * time.Millisecond)
}

//export victimPanics
func victimPanics() { panic("in a callback") }

// victimGrows needs more stack than a goroutine has at first.
//
//export victimGrows
func victimGrows() { grow(200) }

//go:noinline
func grow(n int) int {
	var frame [1024]byte
	frame[n] = byte(n)
	if n == 0 {
		return 0
	}
	return grow(n-1) + int(frame[n])
}

// compare calls a function of the standard library's assembly that is local to its file.
//
//go:noinline
func compare(a, b []byte) int { return bytes.Compare(a, b) + len(a) }

// noAccess returns memory that cannot be read.
func noAccess() []byte {
	page, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	scenario.Must(err)
	return page
}
