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
)

const laterUsage = `Usage: crashdemo later [flags]

Waits in C for an answer that does not come, while a goroutine waits for the result. A dump that was asked for
beforehand shows both, with handler.DumpLater. Ends with status 0, or with -exit with 1.

Flags:
`

// later shows a program that takes too long.
func later(args []string) int {
	flags := flag.NewFlagSet("later", flag.ContinueOnError)
	after := flags.Duration("after", time.Second, "dump when this `time` has passed")
	total := flags.Duration("for", 3*time.Second, "wait for this `time`")
	repeat := flags.Bool("repeat", false, "dump every so often; what shows nothing new is left out")
	exit := flags.Bool("exit", false, "end the program after the dump")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), laterUsage)
		flags.PrintDefaults()
	}
	if status, ok := parse(flags, args); !ok {
		return status
	}
	if flags.NArg() > 0 {
		return complain("later takes no %q", flags.Arg(0))
	}
	var opts []handler.Option
	if *repeat {
		opts = append(opts, handler.WithRepeat())
	}
	if *exit {
		opts = append(opts, handler.WithExit())
	}
	if err := handler.DumpLater(*after, opts...); err != nil {
		return fail(err)
	}
	defer handler.CancelDumpLater()
	result := make(chan string)
	go waitForResult(result)
	askSlowly(*total)
	fmt.Fprintln(os.Stderr, "crashdemo: no answer has come, and the program goes on")
	return exitOK
}

//go:noinline
func waitForResult(result <-chan string) { <-result }

//go:noinline
func askSlowly(total time.Duration) { C.demo_wait_for_answer(C.int(total.Milliseconds())) }
