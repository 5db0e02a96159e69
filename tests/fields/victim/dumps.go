//go:build linux && (amd64 || arm64) && cgo

package main

// #include "victim.h"
import "C"

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() { scenarios["dumps"] = dumps }

// dumps has itself dumped by a signal of its own, of another process, on a thread of C, and
// by a call. Unregister waits for the dump.
func dumps(s settings) {
	// The program's channel gets a signal when the handler has noted it, on whichever thread.
	noted := make(chan os.Signal, 2)
	signal.Notify(noted, syscall.SIGUSR1, syscall.SIGUSR2)
	scenario.Must(handler.Register(syscall.SIGUSR1, handler.WithChain()))
	scenario.Must(syscall.Kill(syscall.Getpid(), syscall.SIGUSR1))
	<-noted
	handler.Unregister(syscall.SIGUSR1)

	scenario.Must(handler.Register(syscall.SIGUSR2, handler.WithChain()))
	other := exec.Command("sh", "-c", "kill -USR2 $PPID; echo sent; read end")
	in, err := other.StdinPipe()
	scenario.Must(err)
	out, err := other.StdoutPipe()
	scenario.Must(err)
	scenario.Must(other.Start())
	scenario.Say("%d", other.Process.Pid)
	_, err = bufio.NewReader(out).ReadString('\n')
	scenario.Must(err)
	<-noted
	handler.Unregister(syscall.SIGUSR2)
	in.Close()
	other.Wait()

	scenario.Must(handler.Register(syscall.SIGUSR1))
	scenario.Must(handler.Ready(context.Background())) // or C has no names yet
	C.signal_thread(C.int(syscall.SIGUSR1))
	handler.Unregister(syscall.SIGUSR1)

	scenario.Must(handler.Dump())
	scenario.Must(handler.DumpNative())
}
