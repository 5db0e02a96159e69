//go:build linux && amd64 && cgo

// Victim is the program whose reports are looked at for what stands around the stacks:
// host, memory, who asked for a dump, breadcrumbs, labels.
package main

// static void crash(void) { *(volatile int *)8 = 1; }
import "C"

import (
	"context"
	"syscall"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

type settings = scenario.Settings

var scenarios = map[string]func(settings){"crash": crash, "exhausted": exhausted}

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

func lower(resource int, value uint64) {
	var limit syscall.Rlimit
	scenario.Must(syscall.Getrlimit(resource, &limit))
	limit.Cur = min(value, limit.Max)
	scenario.Must(syscall.Setrlimit(resource, &limit))
}
