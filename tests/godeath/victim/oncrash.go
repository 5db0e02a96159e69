//go:build linux && amd64 && cgo

package main

// #include "victim.h"
import "C"

import (
	"context"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

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
	kinds["c-go-lock"] = func() {
		lock.Lock()
		C.victim_null()
	}
}

var lock sync.Mutex

func spin() {
	for i := 0; ; i++ {
		turns.Store(int64(i))
	}
}

var turns atomic.Int64

// onCrash is the program's last act. Its copy of the report goes to standard output.
func onCrash(ctx context.Context, what string, report []byte) {
	deadline, ok := ctx.Deadline()
	if !ok {
		scenario.Say("no deadline")
	}
	if left := time.Until(deadline); left > 0 && left < 5*time.Second {
		os.Stdout.Write(report)
	}
	switch what {
	case "panic":
		panic("in the last act")
	case "nil":
		_ = *nothing
	case "goexit":
		runtime.Goexit()
	case "hang":
		<-never
	case "lock":
		lock.Lock()
	case "wait":
		<-ctx.Done()
		scenario.Say("over")
		<-never
	case "fatal":
		mapWrites()
	case "exit":
		os.Exit(9)
	case "crash":
		C.victim_null()
	case "spin":
		spin()
	}
}
