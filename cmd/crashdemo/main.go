//go:build linux && cgo

// Crashdemo makes a Go program that calls C crash in every way that C knows, with Epitaph or without, so that one can
// see what each looks like.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
)

// The exit statuses of crashdemo's own making. They keep clear of 2, by which Go ends a program that crashed, and of
// 128 and above, by which shells tell signals.
const (
	exitOK          = 0
	exitFailure     = 1
	exitWentOn      = 3  // the crash did not end the process
	exitUsage       = 64 // as EX_USAGE of sysexits.h
	exitUnavailable = 69 // as EX_UNAVAILABLE, and as crashes.StatusUnavailable
)

const usage = `Crashdemo triggers crashes in the C part of a Go program.

Usage:
  crashdemo list [-json]       the kinds of crash and the places where they can happen
  crashdemo run KIND [flags]   crash in this way; run -help lists the flags
  crashdemo tour [flags]       six telling crashes, each without and with Epitaph
  crashdemo dump [flags]       what a program that is well is doing, and it goes on
  crashdemo signal [flags]     the same for one that is stuck in C, when it gets SIGUSR1
  crashdemo later [flags]      wait in C for too long, and dump where everybody is
  crashdemo hang [flags]       deadlock two goroutines, and let a watchdog find out
  crashdemo panic [flags]      die of a panic, or of a fatal error of Go's own
  crashdemo blackbox FILE      what a program left in its black box, and how it ended
`

// The main goroutine stays on the process's first thread: its stack is unlike all others (it grows, down to a limit), and
// what is called from main then crashes there, as it would in a C program.
func init() {
	runtime.LockOSThread()
}

func main() {
	os.Exit(command(os.Args[1:]))
}

func command(args []string) int {
	if len(args) == 0 {
		io.WriteString(os.Stderr, usage)
		return exitUsage
	}
	switch args[0] {
	case "list":
		return list(args[1:])
	case "run":
		return run(args[1:])
	case "tour":
		return tour(args[1:])
	case "dump":
		return dump(args[1:])
	case "signal":
		return onSignal(args[1:])
	case "later":
		return later(args[1:])
	case "hang":
		return hang(args[1:])
	case "panic":
		return onPanic(args[1:])
	case "blackbox":
		return blackBox(args[1:])
	case "help", "-h", "-help", "--help":
		io.WriteString(os.Stdout, usage)
		return exitOK
	}
	fmt.Fprintf(os.Stderr, "crashdemo: unknown command %q\n%s", args[0], usage)
	return exitUsage
}
