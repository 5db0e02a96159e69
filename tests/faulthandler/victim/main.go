//go:build cgo && linux && (amd64 || arm64)

// Victim is what the tests of package handler run: each scenario is a Python case
// of test_faulthandler, or a fault of faulthandler that Epitaph must not have.
//
//	victim SCENARIO [KEY=VALUE]...
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
		os.Exit(9)
	}
}

var scenarios = map[string]func(settings) error{
	"enabled":    enabled,
	"disable":    disable,
	"crash":      crash,
	"closed":     closed,
	"dump":       dump,
	"threads":    threads,
	"stress":     stress,
	"register":   register,
	"unregister": unregister,
	"chain":      chain,
	"restored":   restored,
	"serve":      serve,
	"refused":    refused,
	"fork":       fork,
	"twins":      twins,
	"taken":      taken,
	"reuse":      reuse,
}

func run(args []string) error {
	if len(args) == 0 || scenarios[args[0]] == nil {
		return fmt.Errorf("no such scenario: %q", args)
	}
	s := settings{}
	for _, arg := range args[1:] {
		key, value, _ := strings.Cut(arg, "=")
		s[key] = value
	}
	if s.is("notify") {
		signal.Notify(make(chan os.Signal, 1000))
	}
	return scenarios[args[0]](s)
}

type settings map[string]string

func (s settings) is(key string) bool { return s[key] == "1" }

func (s settings) number(key string, otherwise int) int {
	n, err := strconv.Atoi(s[key])
	if err != nil {
		return otherwise
	}
	return n
}

// sig is the signal of the scenario, SIGUSR1 unless set.
func (s settings) sig() syscall.Signal {
	return syscall.Signal(s.number("signal", int(syscall.SIGUSR1)))
}

// options are those that the settings name. A file is appended to.
func (s settings) options() ([]handler.Option, error) {
	var opts []handler.Option
	if path := s["file"]; path != "" {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return nil, err
		}
		opts = append(opts, handler.WithOutput(f))
	}
	if fd := s.number("fd", -1); fd >= 0 {
		opts = append(opts, handler.WithOutput(os.NewFile(uintptr(fd), "inherited")))
	}
	if all, ok := s["all"]; ok && all != "1" {
		opts = append(opts, handler.WithOneThread())
	}
	if n := s.number("max", 0); n > 0 {
		opts = append(opts, handler.WithMaxThreads(n), handler.WithIdleThreads())
	}
	if d := s.number("deadline", 0); d > 0 {
		opts = append(opts, handler.WithDeadline(time.Duration(d)*time.Millisecond))
	}
	if n := s.number("frames", 0); n > 0 {
		opts = append(opts, handler.WithMaxFrames(n))
	}
	if s.is("chain") {
		opts = append(opts, handler.WithChain())
	}
	return opts, nil
}
