//go:build linux && cgo

// Crashdemo makes a Go program that calls C crash in every way that C knows, with Epitaph or without, so that one can
// see what each looks like.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/epitaph-go/epitaph/cmd/crashdemo/crashes"
	"github.com/epitaph-go/epitaph/internal/cli"
)

// The exit statuses of crashdemo's own making. They keep clear of 2, by which Go ends a program that crashed, and of
// 128 and above, by which shells tell signals.
const (
	exitFailure     = 1
	exitWentOn      = 3  // the crash did not end the process
	exitUsage       = 64 // as EX_USAGE of sysexits.h
	exitUnavailable = 69 // as EX_UNAVAILABLE, and as crashes.StatusUnavailable
)

var app = cli.App{
	Name:  "crashdemo",
	About: "Crashdemo triggers crashes in the C part of a Go program.",
	Notes: `A command that crashes ends with the signal of the crash. Else the exit status is
   0  all went well
   1  trouble: Epitaph could not be enabled, a file could not be written
   2  Go ended the program (with -plain or -chain, or by a panic)
   3  the crash did not end the program, or the hang went unnoticed
  64  the command line is wrong
  69  this crash cannot be had on this system or in this build

"epitaph" reads reports and black boxes.`,
	UsageStatus: exitUsage,
	Commands: []cli.Command{
		listCommand,
		runCommand,
		tourCommand,
		dumpCommand,
		signalCommand,
		laterCommand,
		hangCommand,
		panicCommand,
		blackBoxCommand,
	},
}

// The main goroutine stays on the process's first thread: its stack is unlike all others (it grows, down to a limit), and
// what is called from main then crashes there, as it would in a C program.
func init() {
	runtime.LockOSThread()
}

func main() {
	os.Exit(command(os.Args[1:]))
}

// command runs a command. It calls the action itself, not through cli.App.Run, so that
// little more than the command is in the stacks of its crashes.
func command(args []string) int {
	env := cli.ProcessEnv()
	call, status := app.Select(env, args)
	if call == nil {
		return status
	}
	err := call.Action(env, call.Args)
	if errors.Is(err, crashes.ErrUnavailable) {
		fmt.Fprintln(os.Stderr, "crashdemo:", err)
		return exitUnavailable
	}
	return app.Status(env, call, err)
}

// noArguments is the error where a command has flags only.
func noArguments(args []string) error {
	if len(args) > 0 {
		return cli.Usage("no arguments wanted, but %q", args[0])
	}
	return nil
}
