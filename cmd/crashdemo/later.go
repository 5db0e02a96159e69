//go:build linux && cgo

package main

// #include "wait.h"
import "C"

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/cli"
)

var laterCommand = cli.Command{
	Name:  "later",
	Short: "wait in C for too long, and dump where everybody is",
	Help: `Waits in C for an answer that does not come, while a goroutine waits for the result.
A dump that was asked for beforehand, with handler.DumpLater, shows both. Ends with
status 0, or with -exit with 1.
`,
	Setup: func(flags *flag.FlagSet) cli.Action {
		var f laterFlags
		flags.DurationVar(&f.after, "after", time.Second, "dump when this `time` has passed")
		flags.DurationVar(&f.total, "for", 3*time.Second, "wait for this `time`")
		flags.BoolVar(&f.repeat, "repeat", false, "dump periodically; what shows nothing new is left out")
		flags.BoolVar(&f.exit, "exit", false, "end the program after the dump")
		return func(_ *cli.Env, args []string) error {
			if err := noArguments(args); err != nil {
				return err
			}
			return later(f)
		}
	},
}

type laterFlags struct {
	after, total time.Duration
	repeat, exit bool
}

// later shows a program that takes too long.
func later(f laterFlags) error {
	var opts []handler.Option
	if f.repeat {
		opts = append(opts, handler.WithRepeat())
	}
	if f.exit {
		opts = append(opts, handler.WithExit())
	}
	if err := handler.DumpLater(f.after, opts...); err != nil {
		return err
	}
	defer handler.CancelDumpLater()
	result := make(chan string)
	go waitForResult(result)
	askSlowly(f.total)
	fmt.Fprintln(os.Stderr, "crashdemo: no answer has come, and the program goes on")
	return nil
}

//go:noinline
func waitForResult(result <-chan string) { <-result }

//go:noinline
func askSlowly(total time.Duration) { C.demo_wait_for_answer(C.int(total.Milliseconds())) }
