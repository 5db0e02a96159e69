//go:build linux && (amd64 || arm64) && cgo

package main

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/victim/scenario"
	"github.com/epitaph-go/epitaph/tests/godeath/shared"
)

func init() {
	// Other goroutines do the program's work: they count it, and then it has its effect.
	// They make no system call for it: a goroutine that returns from one between the panic
	// and the crash hook is not resumed, and keeps its locks, such as that of os.Stdout.
	kinds["commits"] = func() {
		for range 4 {
			go func() {
				for {
					commits.Add(1)
					atomic.AddUint64(&page.Committed, 1)
					time.Sleep(time.Millisecond)
				}
			}()
		}
		for commits.Load() < 100 { // on a busy machine they begin late
			time.Sleep(time.Millisecond)
		}
		panic("boom")
	}
}

var commits atomic.Uint64

// page is what the crash hook writes that outlives a copy of the process; nil: nothing.
var page *shared.Page

func mapShared(path string) {
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	scenario.Must(err)
	scenario.Must(f.Truncate(int64(unsafe.Sizeof(shared.Page{}))))
	memory, err := syscall.Mmap(int(f.Fd()), 0, int(unsafe.Sizeof(shared.Page{})), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	scenario.Must(err)
	scenario.Must(f.Close())
	page = (*shared.Page)(unsafe.Pointer(&memory[0]))
}

// grown is what allocations are grown by.
var grown [][]byte

// onCrashInCopy is the crash hook in a copy of the process.
func onCrashInCopy(ctx context.Context, what string, report []byte) {
	if page == nil {
		return
	}
	page.Began++
	page.Commits = commits.Load()
	if deadline, ok := ctx.Deadline(); ok {
		page.Left = int64(time.Until(deadline))
	}
	page.Size = uint64(copy(page.Report[:], report))
	page.WellFormed = ctx.Done() == nil && ctx.Err() == nil
	switch what {
	case "panic":
		panic("in the crash hook")
	case "nil":
		_ = *nothing
	case "recovered":
		func() {
			defer func() { _ = recover() }()
			_ = *nothing
		}()
	case "goexit":
		runtime.Goexit()
	case "hang":
		<-never
	case "spin":
		spin()
	case "commits", "wait":
		for ctx.Err() == nil {
		}
		page.WellFormed = page.WellFormed && errors.Is(ctx.Err(), context.DeadlineExceeded)
	case "memory":
		for range 16 { // so much that a collection is due
			grown = append(grown, make([]byte, 1<<20))
		}
	case "file":
		_ = os.WriteFile(set["to"], report, 0o600)
	case "exit":
		os.Exit(9)
	}
	page.Ended++
}
