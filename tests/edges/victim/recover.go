//go:build linux && (amd64 || arm64) && cgo

package main

// #include "crash.h"
import "C"

import (
	"fmt"
	"runtime"

	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

// recovered tells whether a function panicked with a runtime error.
func recovered(f func()) (is bool) {
	defer func() {
		_, is = recover().(runtime.Error)
	}()
	f()
	return false
}

func nilDereference() {
	var p *int
	*p = 1
}

func nilCall() {
	var f func()
	f()
}

// recoverMany panics and recovers N times, half of it by each way.
func recoverMany(n int) {
	for range n / 2 {
		if !recovered(nilDereference) || !recovered(nilCall) {
			scenario.Must(fmt.Errorf("not recovered"))
		}
	}
}

func init() {
	// In goroutines, and in a callback from C, on Go's thread and on C's own.
	add("recover", func(s settings) {
		s.Enable()
		n := s.Number("times")
		done := make(chan bool)
		for range 2 {
			go func() {
				recoverMany(n / 2)
				done <- true
			}()
		}
		<-done
		<-done
		recoverInCallback = n / 100
		C.victim_call_back(nil)
		if C.victim_on_thread((C.victim_function)(C.victim_call_back_without)) != 0 {
			scenario.Must(fmt.Errorf("no thread"))
		}
		scenario.Say("recovered all")
	})
}

// recoverInCallback is how often goCallBack recovers before it calls C.
var recoverInCallback int
