//go:build linux && (amd64 || arm64) && cgo

// Victim is a Go program that dies of its own:
//
//	victim KIND [KEY=VALUE ...]
//
// It enables Epitaph as the settings say, or not at all (off=1), and dies.
package main

// #include "victim.h"
import "C"

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

// kinds are the ways to die, by name.
var kinds = map[string]func(){}

// kind and set are the command line.
var (
	kind string
	set  scenario.Settings
)

func main() {
	scenarios := map[string]func(scenario.Settings){}
	for name, die := range kinds {
		scenarios[name] = func(s scenario.Settings) {
			kind, set = name, s
			prepare()
			die()
		}
	}
	scenario.Main(scenarios)
}

func prepare() {
	if set["alone"] == "" {
		scenario.Asleep(int(C.victim_sleeper()))
	}
	crashOutput("before")
	if set["notify"] != "" {
		signal.Notify(make(chan os.Signal, 1))
	}
	ignore("before")
	if set["off"] == "" {
		enable()
	}
	ignore("after")
	crashOutput("after")
	if level := set["level"]; level != "" {
		debug.SetTraceback(level)
		if set["off"] == "" {
			// Long enough for the core to notice.
			time.Sleep(1500 * time.Millisecond)
		}
	}
	for range 2 {
		go idle()
	}
	runtime.Gosched()
}

// ignore ignores every signal, where the settings say so.
func ignore(when string) {
	if set["ignore"] == when {
		signal.Ignore()
	}
}

// crashOutput calls debug.SetCrashOutput where the settings have a file for it.
func crashOutput(when string) {
	if path := set["crash-"+when]; path != "" {
		f, err := os.Create(path)
		scenario.Must(err)
		scenario.Must(debug.SetCrashOutput(f, debug.CrashOptions{}))
		scenario.Must(f.Close())
	}
}

// openFile is the output that stays open.
var openFile *os.File

func enable() {
	opts := set.Options()
	if path := set["out"]; path != "" {
		f, err := os.Create(path)
		scenario.Must(err)
		openFile = f
		opts = append(opts, handler.WithOutput(f))
	}
	if path := set["box"]; path != "" {
		opts = append(opts, handler.WithBlackBox(path))
	}
	if set["nofork"] == "1" {
		opts = append(opts, handler.WithNoFork())
	}
	if what := set["oncrash"]; what != "" {
		opts = append(opts, handler.WithOnCrash(func(ctx context.Context, report []byte) { onCrash(ctx, what, report) }))
		mapShared(set["shared"])
	}
	if set["resume"] == "1" {
		opts = append(opts, handler.WithOnCrashResume())
	}
	scenario.Must(handler.Enable(opts...))
	if dir := set["remove"]; dir != "" {
		scenario.Must(os.Remove(dir))
	}
	handler.Annotate("victim", kind)
	handler.Breadcrumb("about to die")
	if set["disable"] != "" {
		handler.Disable()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	scenario.Must(handler.Ready(ctx))
}

var never = make(chan int)

func idle() { <-never }
