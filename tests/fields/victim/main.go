//go:build linux && (amd64 || arm64) && cgo

// Victim is the program whose reports are looked at for what stands around the stacks:
// host, memory, who asked for a dump, breadcrumbs, labels.
package main

// #include "victim.h"
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"syscall"

	"github.com/epitaph-go/epitaph/crumb"
	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

type settings = scenario.Settings

var scenarios = map[string]func(settings){"crash": crash, "exhausted": exhausted, "crumbs": crumbs}

func main() { scenario.Main(scenarios) }

func crash(s settings) {
	scenario.Must(handler.Enable(s.Options()...))
	if s["limit"] != "" { // of core dumps and of descriptors
		lower(syscall.RLIMIT_CORE, 3<<20)
		lower(syscall.RLIMIT_NOFILE, 500)
	}
	C.crash()
}

// exhausted crashes with no descriptor left but those that Epitaph has spare.
func exhausted(s settings) {
	scenario.Must(handler.Enable(s.Options()...))
	scenario.Must(handler.Ready(context.Background())) // which opens files, too
	lower(syscall.RLIMIT_NOFILE, 64)
	for {
		if _, err := syscall.Dup(2); err != nil {
			break
		}
	}
	C.crash()
}

// crumbs has everybody leave one, and says who that was.
func crumbs(s settings) {
	scenario.Must(handler.Enable(s.Options()...))
	runtime.LockOSThread()
	handler.Breadcrumb("by Go")
	C.leave()
	scenario.Say("%d %d", syscall.Gettid(), goroutine())
	C.on_thread()
	done := make(chan bool)
	go func() {
		crumb.Drop("by another")
		scenario.Say("%d", goroutine())
		close(done)
	}()
	<-done
	C.crash()
}

//export callBack
func callBack() {
	handler.Breadcrumb("called back")
	C.leave()
	scenario.Say("%d %d", syscall.Gettid(), goroutine())
}

// goroutine is the id that Go prints.
func goroutine() (id int) {
	var buf [64]byte
	_, err := fmt.Sscanf(string(buf[:runtime.Stack(buf[:], false)]), "goroutine %d ", &id)
	scenario.Must(err)
	return id
}

func lower(resource int, value uint64) {
	var limit syscall.Rlimit
	scenario.Must(syscall.Getrlimit(resource, &limit))
	limit.Cur = min(value, limit.Max)
	scenario.Must(syscall.Setrlimit(resource, &limit))
}
