//go:build linux && (amd64 || arm64) && cgo

// Healthy is a program that signal handlers of its own keep alive:
//
//	healthy SCENARIO [KEY=VALUE ...]
//
// It does the same with Epitaph as without.
package main

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE -Wall -I${SRCDIR}/../../../internal/victim/machine
// #include <stdio.h>
// #include "healthy.h"
import "C"

import (
	"runtime"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	_ "github.com/epitaph-go/epitaph/handler/interpose"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

type settings = scenario.Settings

// register has a signal dump, unless the setting off says that this is the program without
// Epitaph.
func register(s settings, number syscall.Signal, opts ...handler.Option) {
	if s["off"] == "" {
		scenario.Must(handler.Register(number, opts...))
	}
}

// afterJump runs f with Epitaph, and a handler that jumps out of a fault.
func afterJump(f func()) func(settings) {
	return func(s settings) {
		C.install_jump()
		s.Enable()
		f()
	}
}

var scenarios = map[string]func(settings){
	"computes": afterJump(func() { C.computes_after(2.5) }),
	"sleeps":   afterJump(func() { C.sleeps_after(1.5) }),
	"reads":    afterJump(func() { C.reads_after() }),
	"lingers":  afterJump(func() { C.computes_and_reads_after() }),
	"ends":     afterJump(func() { C.ends_after() }),
	"resets":   afterJump(func() { C.resets_after() }),
	"late": func(s settings) {
		C.install_late()
		s.Enable()
		C.writes()
	},
	"sent": func(s settings) {
		s.Enable()
		C.sent_while_it_is_asked(C.int(s.Number("jump")))
	},
	"probes": func(s settings) {
		s.Enable()
		C.meets_probes(C.int(s.Number("divide")))
	},
	"behind": func(s settings) {
		C.install_asking()
		s.Enable()
		C.install_blocking_front()
		if s["off"] == "" {
			handler.Disable()
		}
		C.faults()
	},

	"divides": func(s settings) {
		runtime.LockOSThread()
		C.install_divide()
		if s["quiet"] != "" {
			register(s, syscall.SIGUSR1)
		} else {
			s.Enable()
		}
		C.divides()
	},
	"prompts": func(s settings) {
		C.install_prompt()
		register(s, syscall.SIGUSR2, handler.WithChain())
		C.prompts()
	},
	"coroutine": func(s settings) {
		C.start_coroutine()
		s.Enable()
		if s["off"] == "" {
			scenario.Must(handler.Dump())
		}
	},
	"reader": func(s settings) {
		C.start_reader()
		register(s, syscall.SIGUSR2, handler.WithChain())
		C.end_reader()
	},
	"unmapped": func(s settings) {
		C.start_coroutine_that_ends()
		s.Enable()
		C.end_coroutine()
	},
	"setter": func(s settings) {
		C.start_setter()
		for start := time.Now(); time.Since(start) < 1500*time.Millisecond; {
			s.Enable()
			handler.Disable()
		}
		C.end_setter()
	},
	"takeover": func(s settings) {
		C.install_jump()
		if s["off"] == "" {
			scenario.Must(handler.Enable(append(s.Options(), handler.WithTakeover())...))
		}
		C.install_front()
		for s["off"] == "" && C.front_is_there() != 0 {
			time.Sleep(10 * time.Millisecond) // it is taken back within a second or so
		}
		C.start_blocked()
		if s["off"] == "" {
			handler.Disable()
		}
		C.faults()
	},
}

func main() {
	C.setvbuf(C.stdout, nil, C._IOLBF, 0)
	scenario.Main(scenarios)
}
