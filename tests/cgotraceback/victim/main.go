//go:build linux && (amd64 || arm64) && cgo

// Victim is the program of the tests of C frames in Go's own tracebacks:
//
//	victim SCENARIO [KEY=VALUE ...]
//
// With provider=before and provider=after it has functions of its own for
// runtime.SetCgoTraceback, with the shape of those of cgosymbolizer; context has C frames
// behind calls from C; none=1 is WithCgoTraceback(false).
package main

// #cgo CFLAGS: -g -O1
// #cgo CXXFLAGS: -g -O1
// #cgo LDFLAGS: -ldl
// #include "calls.h"
import "C"

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
	"github.com/epitaph-go/epitaph/tests/cgotraceback/provider"
)

type settings = scenario.Settings

func main() {
	scenario.Main(map[string]func(settings){
		"stack": inCallback(stack), "callers": inCallback(callers), "panic": inCallback(panics), "fault": inCallback(faults),
		"all": all, "profile": profile, "nostack": noStack, "storm": storming, "crash": crash, "walks": walks,
		"callbacks": callbacks, "goes-on": goesOn,
	})
}

// enable enables Epitaph as the settings say, and registers the program's own provider
// before or after.
func enable(s settings) {
	if s["provider"] == "before" {
		provider.Register()
	}
	if s["off"] == "" {
		opts := s.Options()
		if s["context"] != "" {
			opts = append(opts, handler.WithCgoContext())
		}
		if s["none"] != "" {
			opts = append(opts, handler.WithCgoTraceback(false))
		}
		scenario.Must(handler.Enable(opts...))
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		scenario.Must(handler.Ready(ctx))
	}
	if s["provider"] == "after" {
		provider.Register()
	}
}

var callback func()

//export goCallback
func goCallback(C.int) { callback() }

var visits int

//export goVisit
func goVisit() { visits++ }

// inCallback does something in a call from C, on a C thread if place=thread.
func inCallback(do func()) func(settings) {
	return func(s settings) {
		enable(s)
		callback = do
		if s["place"] == "thread" {
			C.call_go_in_thread(0)
		} else {
			C.call_go(0)
		}
	}
}

func stack() {
	text := make([]byte, 1<<16)
	os.Stdout.Write(text[:runtime.Stack(text, false)])
}

func callers() {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	for {
		f, more := frames.Next()
		fmt.Println(f.Function, f.File, f.Line)
		if !more {
			return
		}
	}
}

func panics() { panic("in a callback") }

func faults() { C.crash_null() }

// all prints all goroutines, one of which C has called.
func all(s settings) {
	enable(s)
	inside := make(chan bool)
	callback = func() {
		close(inside)
		select {}
	}
	go C.call_go(0)
	<-inside
	text := make([]byte, 1<<16)
	os.Stdout.Write(text[:runtime.Stack(text, true)])
}

//go:noinline
func calculate() {
	C.work(3000000)
	C.sorting(50000)
}

// profile writes a CPU profile of C called by Go, by Go that C called, and by C alone.
func profile(s settings) {
	enable(s)
	f, err := os.Create(s["file"])
	scenario.Must(err)
	scenario.Must(pprof.StartCPUProfile(f))
	callback = calculate
	for begin := time.Now(); time.Since(begin) < time.Duration(s.Number("ms"))*time.Millisecond; {
		calculate()
		C.call_go(0)
		C.work_in_thread(3000000)
	}
	pprof.StopCPUProfile()
	scenario.Must(f.Close())
}

// startProfile starts a CPU profile with a rate of its own, of which Go warns: "cannot
// set rate until previous profile has finished".
func startProfile(hz int) *bytes.Buffer {
	out := new(bytes.Buffer)
	runtime.SetCPUProfileRate(hz)
	scenario.Must(pprof.StartCPUProfile(out))
	return out
}

func noStack(s settings) {
	enable(s)
	out := startProfile(1000)
	C.spin_without_stack(C.ulong(s.Number("rounds")))
	pprof.StopCPUProfile()
	scenario.Say("%t", out.Len() > 0)
}

// dumped are dumps to a file. On a machine that is busy a part of one may run out of time:
// that is counted, and its last line shown.
type dumped struct {
	out      *os.File
	all, cut int
}

func (d *dumped) open() {
	out, err := os.CreateTemp("", "dump")
	scenario.Must(err)
	scenario.Must(os.Remove(out.Name()))
	d.out = out
}

func (d *dumped) one() {
	scenario.Must(d.out.Truncate(0))
	_, err := d.out.Seek(0, io.SeekStart)
	scenario.Must(err)
	d.all++
	err = handler.Dump(handler.WithOutput(d.out))
	if err == nil {
		return
	}
	text := make([]byte, 1<<20)
	n, _ := d.out.ReadAt(text, 0)
	lines := strings.Split(strings.TrimSpace(string(text[:n])), "\n")
	last := lines[len(lines)-1]
	fmt.Fprintf(os.Stderr, "%v: %s\n", err, last)
	if !strings.Contains(last, " timed out") {
		scenario.Must(err)
	}
	d.cut++
}

func storming(s settings) {
	enable(s)
	var dumps dumped
	out := startProfile(500)
	done := make(chan bool)
	stopped := make(chan bool)
	go func() {
		defer close(stopped)
		records := make([]runtime.StackRecord, 1000)
		text := make([]byte, 1<<18)
		if s["off"] == "" {
			dumps.open()
			defer dumps.out.Close()
		}
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
			runtime.GoroutineProfile(records)
			if i%10 == 0 {
				runtime.Stack(text, true)
			}
			if i%100 == 0 && s["off"] == "" {
				dumps.one()
			}
		}
	}()
	var thrown, loads C.long
	C.storm(C.int(s.Number("ms")), &thrown, &loads)
	close(done)
	<-stopped
	pprof.StopCPUProfile()
	scenario.Say("%t %t %t, %d of %d dumps cut", thrown > 0, loads > 0, out.Len() > 0, dumps.cut, dumps.all)
}

// crash dies in C, with Go's dump at the end.
func crash(s settings) {
	debug.SetTraceback("all")
	enable(s)
	C.crash_null()
}

// goesOn is what a program does that registers a provider of its own.
func goesOn(s settings) {
	recovered := func() (r any) {
		defer func() { r = recover() }()
		enable(s)
		return nil
	}()
	var out bytes.Buffer
	scenario.Must(pprof.StartCPUProfile(&out))
	for begin := time.Now(); !provider.Asked() && time.Since(begin) < time.Duration(s.Number("ms"))*time.Millisecond; {
		calculate()
	}
	pprof.StopCPUProfile()
	scenario.Say("%v; asked: %t", recovered, provider.Asked())
}
