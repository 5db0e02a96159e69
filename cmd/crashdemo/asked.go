//go:build linux && cgo

package main

// #include "asked.h"
import "C"

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
	"unsafe"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/cli"
)

// asked are the switches of dump and signal.
type asked struct {
	one    bool
	native bool
	chain  bool
	wait   bool
}

// options are those of handler.Dump and handler.Register.
func (a *asked) options() []handler.Option {
	var opts []handler.Option
	if a.one {
		opts = append(opts, handler.WithOneThread())
	}
	if a.chain {
		opts = append(opts, handler.WithChain())
	}
	return opts
}

// company starts goroutines and waits for the names of C functions.
func company() error {
	for range 3 {
		go parked()
	}
	if err := handler.Enable(); err != nil {
		return err
	}
	return handler.Ready(context.Background())
}

//go:noinline
func parked() { <-make(chan int) }

// theDump is what goDump does, which C calls.
var theDump func()

//export goDump
func goDump() { theDump() }

var dumpCommand = cli.Command{
	Name:  "dump",
	Short: "dump a healthy program without stopping it",
	Help:  "Dumps all stacks from Go that C has called, with handler.Dump, and goes on.\n",
	Setup: func(flags *flag.FlagSet) cli.Action {
		var a asked
		flags.BoolVar(&a.one, "one", false, "show only the stack of the thread that dumps")
		flags.BoolVar(&a.native, "native", false, "show it as the machine sees it, every frame as a place in a file")
		return func(_ *cli.Env, args []string) error {
			if len(args) > 0 || a.native && a.one {
				return cli.Usage("dump takes one flag at most")
			}
			return dump(a)
		}
	},
}

// dump writes a dump, from Go that C called, and ends well.
func dump(a asked) error {
	if err := company(); err != nil {
		return err
	}
	var err error
	theDump = func() {
		if a.native {
			err = handler.DumpNative()
		} else {
			err = handler.Dump(a.options()...)
		}
	}
	atCgo(unsafe.Pointer(C.demo_ask))
	if err != nil {
		return err
	}
	fmt.Println("and the program goes on")
	return nil
}

var signalCommand = cli.Command{
	Name:  "signal",
	Short: "the same for one that is stuck in C, when it gets SIGUSR1",
	Help:  "Is stuck in C, and dumps all stacks on SIGUSR1, with handler.Register, which it\nsends to itself, or with -wait gets from outside.\n",
	Setup: func(flags *flag.FlagSet) cli.Action {
		var a asked
		flags.BoolVar(&a.one, "one", false, "show only the stack of the thread that gets the signal")
		flags.BoolVar(&a.chain, "chain", false, "let a channel of os/signal have the signal, too")
		flags.BoolVar(&a.wait, "wait", false, "wait for signals from outside, for ever")
		return func(_ *cli.Env, args []string) error {
			if err := noArguments(args); err != nil {
				return err
			}
			return onSignal(a)
		}
	},
}

// onSignal is stuck in C, and dumps when it gets SIGUSR1: from itself, or from who
// has read its number.
func onSignal(a asked) error {
	if err := company(); err != nil {
		return err
	}
	if err := handler.Register(syscall.SIGUSR1, a.options()...); err != nil {
		return err
	}
	channel := make(chan os.Signal, 1)
	signal.Notify(channel, syscall.SIGUSR1)
	if a.wait {
		fmt.Printf("stuck in C; kill -USR1 %d shows where\n", os.Getpid())
	} else {
		thread := syscall.Gettid()
		go func() {
			time.Sleep(50 * time.Millisecond)
			syscall.Tgkill(os.Getpid(), thread, syscall.SIGUSR1)
			time.Sleep(200 * time.Millisecond)
			C.demo_release()
		}()
	}
	atCgo(unsafe.Pointer(C.demo_stuck))
	handler.Unregister(syscall.SIGUSR1) // waits for the dump
	select {
	case s := <-channel:
		fmt.Println("the channel has got it, too:", s)
	case <-time.After(100 * time.Millisecond):
	}
	fmt.Println("and the program goes on")
	return nil
}
