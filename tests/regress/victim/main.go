//go:build linux && amd64 && cgo

// Victim is the program of the regression tests:
//
//	victim SCENARIO [KEY=VALUE ...]
//
// With the setting off it does the same without Epitaph. A scenario that comes
// to its end leaves with status 3. Standard input tells a scenario that waits
// for it to go on.
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

const (
	exitFailed = 1
	exitWentOn = 3
)

type settings map[string]string

var scenarios = map[string]func(settings){}

func main() {
	s := settings{}
	for _, arg := range os.Args[2:] {
		key, value, _ := strings.Cut(arg, "=")
		s[key] = value
	}
	scenario := scenarios[os.Args[1]]
	if scenario == nil {
		must(fmt.Errorf("no scenario %q", os.Args[1]))
	}
	scenario(s)
	os.Exit(exitWentOn)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
		os.Exit(exitFailed)
	}
}

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func (s settings) number(key string) int {
	n, err := strconv.Atoi(s[key])
	must(err)
	return n
}

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
	return opts
}

func (s settings) enable() {
	if s["off"] != "" {
		return
	}
	must(handler.Enable(s.options()...))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	must(handler.Ready(ctx))
}

func nilDereference() (recovered any) {
	defer func() { recovered = recover() }()
	var p *int
	*p = 1
	return nil
}
