//go:build linux && (amd64 || arm64) && cgo

package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() {
	// Waits for a signal from outside, which the program wants with the setting notify.
	add("wait", func(s settings) {
		s.Enable()
		sig := syscall.Signal(s.Number("signal"))
		channel := make(chan os.Signal, 1)
		if s["notify"] != "" {
			signal.Notify(channel, sig)
		}
		if s["busy"] != "" {
			go func() {
				for start := time.Now(); time.Since(start) < 8*time.Second; {
				}
			}()
		}
		scenario.Say("ready")
		select {
		case got := <-channel:
			scenario.Say("got %v", got)
		case <-time.After(8 * time.Second):
			scenario.Say("got nothing")
		}
	})

	// Ignores a signal before Epitaph is enabled, after that, or after it has had the
	// signal for a while. It raises the signal itself; the test sends it as well, and asks
	// whether the program lives.
	add("ignored", func(s settings) {
		sig := syscall.Signal(s.Number("signal"))
		channel := make(chan os.Signal, 1)
		signal.Notify(channel, syscall.SIGUSR1)
		if s["when"] == "before" {
			signal.Ignore(sig)
		}
		s.Enable()
		if s["when"] == "again" {
			signal.Notify(make(chan os.Signal, 1), sig)
			signal.Reset(sig)
		}
		if s["when"] != "before" {
			signal.Ignore(sig)
		}
		scenario.Must(syscall.Kill(os.Getpid(), sig))
		scenario.Say("ready")
		select {
		case got := <-channel:
			scenario.Say("got %v", got)
			scenario.Say("ignored %v", signal.Ignored(sig))
		case <-time.After(8 * time.Second):
			scenario.Say("got nothing")
		}
	})
	add("ignore_all", func(s settings) {
		s.Enable()
		signal.Ignore()
		crash(s)
	})
	add("ignore_all_first", func(s settings) {
		signal.Ignore()
		s.Enable()
		crash(s)
	})

	// What Go ends a program by. None of it is Epitaph's business.
	add("go_panic", func(s settings) {
		s.Enable()
		panic("an ordinary panic")
	})
	add("go_nil", func(s settings) {
		s.Enable()
		var p *int
		*p = 1
	})
	add("go_nil_func", func(s settings) {
		s.Enable()
		var f func()
		f()
	})
	add("go_throw", func(s settings) {
		s.Enable()
		m := map[int]int{}
		for range 2 {
			go func() {
				for {
					m[1]++
				}
			}()
		}
		select {}
	})
	add("go_exit", func(s settings) {
		s.Enable()
		os.Exit(7)
	})
	add("go_raise", func(s settings) {
		s.Enable()
		scenario.Must(syscall.Kill(os.Getpid(), syscall.Signal(s.Number("signal"))))
		time.Sleep(5 * time.Second)
	})

	// A crash under load: the CPU profiler's timer fires on every thread that
	// runs, the scheduler preempts, and the collector stops the world.
	add("storm", func(s settings) {
		s.Enable()
		runtime.SetCPUProfileRate(2000)
		scenario.Must(pprof.StartCPUProfile(io.Discard))
		for range 4 {
			go func() {
				for {
					_ = fmt.Sprint(s)
				}
			}()
		}
		go func() {
			for {
				runtime.GC()
			}
		}()
		time.Sleep(20 * time.Millisecond) // the storm blows
		crash(s)
	})
}
