//go:build linux && (amd64 || arm64) && cgo

package main

// #cgo CFLAGS: -D_GNU_SOURCE -I${SRCDIR}/../../../native
// #include "fork.h"
import "C"

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

func init() {
	add("fork", forkArmed)
	add("fork-registered", forkRegistered)
}

// forkArmed forks with an armed timer, which in the setting "firing" is writing to
// a pipe without a reader. The parent's fires afterwards.
func forkArmed(s settings) {
	_, w := fullPipe()
	opts := []handler.Option{handler.WithDeadline(2 * time.Second)}
	d := 2 * time.Second
	if s["firing"] != "" {
		opts, d = append(opts, handler.WithOutput(w)), 20*time.Millisecond
	}
	must(handler.DumpLater(d, opts...))
	time.Sleep(200 * time.Millisecond)
	status := C.fork_and(C.int(s.Number("then")), C.int(os.Stdout.Fd()))
	fmt.Println("child:", status)
	time.Sleep(4 * time.Second)
}

// forkRegistered forks with a registered signal, which in the setting "firing" is
// being dumped to a pipe without a reader.
func forkRegistered(s settings) {
	opts := []handler.Option{handler.WithDeadline(2 * time.Second)}
	if s["firing"] != "" {
		_, w := fullPipe()
		opts = append(opts, handler.WithOutput(w))
	}
	must(handler.Register(syscall.SIGUSR1, opts...))
	if s["firing"] != "" {
		raise(syscall.SIGUSR1)
		time.Sleep(200 * time.Millisecond)
	}
	status := C.fork_and(C.int(s.Number("then")), C.int(os.Stdout.Fd()))
	fmt.Println("child:", status)
	handler.Unregister(syscall.SIGUSR1)
}
