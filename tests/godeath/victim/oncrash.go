//go:build linux && (amd64 || arm64) && cgo

package main

// #include <stdlib.h>
// #include "victim.h"
import "C"

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() {
	kinds["c-thread"] = func() { C.victim_null_on_thread() }
	// C code crashes while Go code keeps every P busy.
	kinds["c-busy"] = func() {
		for range 2 * runtime.GOMAXPROCS(0) {
			go spin()
		}
		C.victim_null()
	}
	// A thread has one of the Ps, and gives it away only when the world stops.
	kinds["c-busy-later"] = func() {
		runtime.LockOSThread()
		busy.Store(int64(syscall.Gettid()))
		C.victim_null_later()
		spin()
	}
	kinds["c-go-lock"] = func() {
		lock.Lock()
		C.victim_null()
	}
}

var lock sync.Mutex

// send has a server acknowledge what it gets.
func send(ctx context.Context, to string, report []byte) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", to)
	scenario.Must(err)
	defer conn.Close()
	_, err = conn.Write(report)
	scenario.Must(err)
	scenario.Must(conn.(*net.TCPConn).CloseWrite())
	answer, err := io.ReadAll(conn)
	scenario.Must(err)
	scenario.Say("%s", answer)
}

// nobodyReads takes the reader of standard output away.
func nobodyReads() {
	var pipe [2]int
	scenario.Must(syscall.Pipe(pipe[:]))
	scenario.Must(syscall.Dup3(pipe[1], 1, 0))
	scenario.Must(syscall.Close(pipe[1]))
	scenario.Must(syscall.Close(pipe[0]))
}

// many goroutines talk to each other.
func many() {
	const n = 1000
	var wait sync.WaitGroup
	numbers := make(chan int)
	for i := range n {
		wait.Add(1)
		go func() {
			defer wait.Done()
			time.Sleep(time.Duration(i%10) * time.Millisecond)
			numbers <- len(make([]byte, 1000*i)) / 1000
		}()
	}
	go func() { wait.Wait(); close(numbers) }()
	sum := 0
	for i := range numbers {
		sum += i
	}
	scenario.Say("sum %d", sum)
}

func spin() {
	for i := 0; ; i++ {
		turns.Store(int64(i))
	}
}

var turns, busy atomic.Int64

// onCrash is the crash hook. Its copy of the report goes to standard output.
func onCrash(ctx context.Context, what string, report []byte) {
	if handler.InForkedCopy(ctx) {
		onCrashInCopy(ctx, what, report)
		return
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		scenario.Say("no deadline")
	}
	if left := time.Until(deadline); left > 0 && left < 5*time.Second {
		os.Stdout.Write(report)
	}
	switch what {
	case "panic":
		panic("in the crash hook")
	case "nil":
		_ = *nothing
	case "goexit":
		runtime.Goexit()
	case "hang":
		<-never
	case "lock":
		lock.Lock()
	case "handler":
		for _, err := range []error{handler.Dump(), handler.Enable()} {
			if err == nil || !strings.HasSuffix(err.Error(), "the process is crashing") {
				scenario.Say("%v", err)
			}
		}
		handler.Disable()
		handler.DumpLater(time.Millisecond, handler.WithExit())
		time.Sleep(100 * time.Millisecond)
		scenario.Say("went on")
	case "abort":
		C.abort()
	case "wait":
		<-ctx.Done()
		time.Sleep(20 * time.Millisecond) // to tidy up
		scenario.Say("over")
		<-never
	case "fatal":
		mapWrites()
	case "exit":
		os.Exit(9)
	case "file":
		scenario.Must(os.WriteFile(set["to"], report, 0o600))
	case "send":
		send(ctx, set["to"], report)
	case "commits":
		page.Commits = commits.Load()
		time.Sleep(300 * time.Millisecond)
	case "sleep":
		time.Sleep(100 * time.Millisecond)
		scenario.Say("slept")
	case "many":
		many()
	case "locked":
		lock.Lock()
		scenario.Say("locked")
	case "memory":
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		runtime.Stack(make([]byte, 1<<20), true)
		scenario.Say("read")
	case "pipe":
		nobodyReads()
		os.Stdout.WriteString("to nobody")
		scenario.Must(os.WriteFile(set["to"], []byte("went on"), 0o600))
	case "aborted": // by a watchdog; the kernel prefers the thread of that number
		scenario.Must(exec.Command("kill", "-ABRT", strconv.Itoa(int(busy.Load()))).Run())
		runtime.GC()
		scenario.Say("collected")
	case "collect":
		runtime.GC()
		scenario.Say("collected")
	case "run":
		out, err := exec.Command("echo", "another process").CombinedOutput()
		scenario.Must(err)
		os.Stdout.Write(out)
	case "panics":
		go func() { panic("in a goroutine of the crash hook") }()
		<-never
	case "crash":
		C.victim_null()
	case "spin":
		spin()
	}
}
