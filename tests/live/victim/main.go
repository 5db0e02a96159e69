//go:build linux && amd64 && cgo

// Victim is the program that crashes for the tests of live goroutines:
//
//	victim SCENARIO [KEY=VALUE ...]
//
// The settings say what its goroutines do at that moment.
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

var scenarios = map[string]func(settings){
	"crash":   crash,
	"leak":    leak,
	"idle":    idle,
	"service": service,
}

func main() {
	if len(os.Args) < 2 || scenarios[os.Args[1]] == nil {
		fmt.Fprintf(os.Stderr, "victim: no such scenario: %q\n", os.Args[1:])
		os.Exit(64)
	}
	s := settings{}
	for _, arg := range os.Args[2:] {
		key, value, _ := strings.Cut(arg, "=")
		s[key] = value
	}
	scenarios[os.Args[1]](s)
}

type settings map[string]string

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
		os.Exit(1)
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

// enable enables Epitaph with the settings deadline and poll.
func (s settings) enable() {
	var opts []handler.Option
	if s["deadline"] != "" {
		d, err := time.ParseDuration(s["deadline"])
		must(err)
		opts = append(opts, handler.WithDeadline(d))
	}
	if s["poll"] != "" {
		d, err := time.ParseDuration(s["poll"])
		must(err)
		opts = append(opts, handler.WithPoll(d))
	}
	if s["chain"] != "" {
		opts = append(opts, handler.WithChain())
	}
	must(handler.Enable(opts...))
	if s["nowait"] == "" {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		must(handler.Ready(ctx))
	}
}
