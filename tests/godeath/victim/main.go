//go:build linux && amd64 && cgo

// Victim is a Go program that dies of its own:
//
//	victim KIND [KEY=VALUE ...]
//
// It enables Epitaph as the settings say, or not at all (plain=1), and dies. One
// that is still alive at its end leaves with status 3.
package main

// #include "victim.h"
import "C"

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

const (
	exitFailed = 1
	exitWentOn = 3
	exitUsage  = 64
)

var kinds = map[string]func(){}

type settings map[string]string

var set = settings{}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
		os.Exit(exitFailed)
	}
}

func main() {
	if len(os.Args) < 2 || kinds[os.Args[1]] == nil {
		fmt.Fprintf(os.Stderr, "victim: no such kind: %q\n", os.Args[1:])
		os.Exit(exitUsage)
	}
	for _, arg := range os.Args[2:] {
		key, value, _ := strings.Cut(arg, "=")
		set[key] = value
	}
	C.victim_sleeper()
	crashOutput("before")
	if set["notify"] != "" {
		signal.Notify(make(chan os.Signal, 1))
	}
	if set["plain"] == "" {
		enable()
	}
	crashOutput("after")
	if level := set["level"]; level != "" {
		debug.SetTraceback(level)
		if set["plain"] == "" {
			// Long enough for the core to notice.
			time.Sleep(1500 * time.Millisecond)
		}
	}
	for range 2 {
		go idle()
	}
	runtime.Gosched()
	kinds[os.Args[1]]()
	os.Exit(exitWentOn)
}

// crashOutput calls debug.SetCrashOutput where the settings have a file for it.
func crashOutput(when string) {
	if path := set["crash-"+when]; path != "" {
		f, err := os.Create(path)
		must(err)
		must(debug.SetCrashOutput(f, debug.CrashOptions{}))
		must(f.Close())
	}
}

// openFile is the output that stays open.
var openFile *os.File

func enable() {
	var opts []handler.Option
	if path := set["out"]; path != "" {
		f, err := os.Create(path)
		must(err)
		openFile = f
		opts = append(opts, handler.WithOutput(f))
	}
	if path := set["dir"]; path != "" {
		opts = append(opts, handler.WithDir(path))
	}
	if path := set["box"]; path != "" {
		opts = append(opts, handler.WithBlackBox(path))
	}
	if set["chain"] != "" {
		opts = append(opts, handler.WithChain())
	}
	must(handler.Enable(opts...))
	if dir := set["remove"]; dir != "" {
		must(os.Remove(dir))
	}
	handler.Annotate("victim", os.Args[1])
	handler.Breadcrumb("about to die")
	if set["disable"] != "" {
		handler.Disable()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	must(handler.Ready(ctx))
}

var never = make(chan int)

func idle() { <-never }

// say prints a line for the test to wait for.
func say(line string) { syscall.Write(1, []byte(line+"\n")) }
