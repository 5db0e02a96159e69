//go:build linux && (amd64 || arm64) && cgo

// Victim is a program in which a library installs handlers of the fatal signals, before
// Epitaph or after it:
//
//	victim SCENARIO [KEY=VALUE ...]
//
// With LIBRARY in its environment it loads that; else the library is linked in.
package main

// #cgo CFLAGS: -std=c11 -Wall -I${SRCDIR}/../../../internal/victim/machine
// #cgo LDFLAGS: -ldl
// #include <stdlib.h>
// #include "crash.h"
import "C"

import (
	"fmt"
	"os"
	ossignal "os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	_ "github.com/epitaph-go/epitaph/handler/interpose"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

type settings = scenario.Settings

func main() {
	if path := os.Getenv("LIBRARY"); path != "" && C.load_library(C.CString(path)) != 0 {
		scenario.Must(fmt.Errorf("no library %s", path))
	}
	C.library_do_begin()
	scenario.Main(map[string]func(settings){
		"take":        take,
		"show":        show,
		"trap":        trap,
		"go":          goFaults,
		"child":       child,
		"forked":      forked,
		"interrupted": interrupted,
	})
}

func enable(s settings) {
	if s["takeover"] != "" {
		s["off"] = "1"
		scenario.Must(handler.Enable(append(s.Options(), handler.WithTakeover())...))
	}
	s.Enable()
}

// set does what a word says: "sigaction:dies".
func set(word string, signal int) {
	how, what, _ := strings.Cut(word, ":")
	if C.library_do_set(C.CString(how), C.CString(what), C.int(signal)) != 0 {
		scenario.Must(fmt.Errorf("signal %d: %s failed", signal, word))
	}
}

// take enables Epitaph, has the library install its handlers, as the setting "do" says, and
// crashes. With the setting before the library comes first. With taken it waits until
// Epitaph knows, or has taken the signal back; with notify Go has a channel for it.
func take(s settings) {
	signal := s.Number("signal")
	if signal == 0 {
		signal = 11
	}
	words := strings.Split(s["do"], ",")
	if s["notify"] != "" {
		ossignal.Notify(make(chan os.Signal, 1), syscall.Signal(signal))
	}
	if s["before"] == "" {
		enable(s)
	}
	for _, word := range words {
		set(word, signal)
	}
	if s["before"] != "" {
		enable(s)
	}
	if s["taken"] != "" {
		waitUntilTaken()
	}
	if s["disable"] != "" {
		handler.Disable()
		for _, word := range strings.Split(s["disable"], ",") {
			if word == "again" {
				enable(s)
			}
		}
	}
	kind := C.CString(s["kind"])
	switch {
	case s["place"] == "thread":
		C.crash_on_thread(kind)
	default:
		C.crash(kind)
	}
}

// trap has the library's handler go on behind what traps.
func trap(s settings) {
	enable(s)
	set(s["do"], s.Number("signal"))
	scenario.Say("sum %d", int(C.traps(C.int(s.Number("signal")))))
}

// forked has a child of fork look at the library's actions, and the first crash if THEN says so.
func forked(s settings) {
	s.Enable()
	then := C.CString(s["then"])
	C.child_shows(11, then)
	set("sigaction:forwards", 11)
	C.child_shows(11, C.CString(""))
}

// interrupted has a signal arrive while a thread reads, for each of the library's actions.
func interrupted(s settings) {
	if s["before"] == "" {
		s.Enable()
	}
	for i, word := range strings.Split(s["do"], ",") {
		set(word, 31)
		if i == 0 && s["before"] != "" {
			s.Enable()
		}
		C.interrupt_read(31)
	}
}

// child has children set all signals to the default and die of SIGABRT, also behind a library
// that has done so.
func child(s settings) {
	s.Enable()
	for _, way := range []string{"fork", "vfork", "exec"} {
		name := C.CString(way)
		scenario.Say("%s: status %#x", way, int(C.child_ends(name)))
		set("signal:default", 6)
		scenario.Say("%s again: status %#x", way, int(C.child_ends(name)))
	}
}

// waitUntilTaken waits for the helper thread, which looks once a second.
func waitUntilTaken() {
	for end := time.Now().Add(10 * time.Second); len(handler.Taken()) == 0; {
		if time.Now().After(end) {
			scenario.Say("not taken")
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	for signal, by := range handler.Taken() {
		scenario.Say("%d taken by %s", int(signal), by)
	}
}

// show has the library install, read and put back actions of some signals, as the words of
// the setting "do" say, and print what it sees.
func show(s settings) {
	s.Enable()
	for number := range strings.SplitSeq(s["signals"], ",") {
		signal, err := strconv.Atoi(number)
		scenario.Must(err)
		scenario.Say("signal %d", signal)
		C.library_do_show(C.int(signal))
		for word := range strings.SplitSeq(s["do"], ",") {
			set(word, signal)
			C.library_do_show(C.int(signal))
		}
	}
}

// goFaults has Go recover from a fault of its own behind each of the handlers.
func goFaults(s settings) {
	if s["before"] == "" {
		s.Enable()
	}
	for word := range strings.SplitSeq(s["do"], ",") {
		set(word, 11)
		if s["before"] != "" {
			s.Enable()
		}
		scenario.Say("%v", recovered())
	}
}

func recovered() (err any) {
	defer func() { err = recover() }()
	var p *struct{ a, b int }
	p.b = 1
	return nil
}
