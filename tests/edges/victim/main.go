//go:build linux && amd64 && cgo

// Victim is the program that the edge tests make crash:
//
//	victim SCENARIO [KEY=VALUE ...]
//
// A scenario is a small function that enables Epitaph as the settings say, gets
// the process into some awkward state, and crashes. One that is still alive at
// its end leaves with status 3.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

// The statuses that are not a crash.
const (
	exitFailed = 1 // the scenario could not be set up
	exitWentOn = 3 // nothing ended the process
	exitUsage  = 64
)

var scenarios = map[string]func(settings){}

// add is for the init functions of the files that hold the scenarios: some are
// there under a build tag only.
func add(name string, scenario func(settings)) { scenarios[name] = scenario }

func main() {
	if len(os.Args) < 2 || scenarios[os.Args[1]] == nil {
		fmt.Fprintf(os.Stderr, "victim: no such scenario: %q\n", os.Args[1:])
		os.Exit(exitUsage)
	}
	s := settings{}
	for _, arg := range os.Args[2:] {
		key, value, _ := strings.Cut(arg, "=")
		s[key] = value
	}
	scenarios[os.Args[1]](s)
	os.Exit(exitWentOn)
}

type settings map[string]string

// must ends a scenario that cannot be set up.
func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
		os.Exit(exitFailed)
	}
}

// number is the setting KEY, or 0.
func (s settings) number(key string) int {
	if s[key] == "" {
		return 0
	}
	n, err := strconv.Atoi(s[key])
	must(err)
	return n
}

// options are those of handler.Enable that the settings ask for: fd, dir,
// deadline, chain.
func (s settings) options() []handler.Option {
	var opts []handler.Option
	if s["fd"] != "" {
		opts = append(opts, handler.WithOutput(os.NewFile(uintptr(s.number("fd")), "fd")))
	}
	if s["dir"] != "" {
		opts = append(opts, handler.WithDir(s["dir"]))
	}
	if s["deadline"] != "" {
		d, err := time.ParseDuration(s["deadline"])
		must(err)
		opts = append(opts, handler.WithDeadline(d))
	}
	if s["chain"] != "" {
		opts = append(opts, handler.WithChain())
	}
	return opts
}

func (s settings) enable() {
	must(handler.Enable(s.options()...))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	must(handler.Ready(ctx))
}

// say prints a line for the test to wait for or to look at.
func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }
