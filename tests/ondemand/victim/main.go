//go:build linux && amd64 && cgo

// Victim is the program that is dumped in these tests:
//
//	victim SCENARIO [KEY=VALUE ...]
//
// A scenario arms what it is about, as the settings say, does something, and ends
// with status 0 unless it is ended.
package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

// The statuses of a victim's own making.
const (
	exitFailed = 3 // the scenario could not be set up, or a call did what it must not
	exitUsage  = 64
)

var scenarios = map[string]func(settings){}

// add is for the init functions of the files that hold the scenarios.
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
}

type settings map[string]string

// must ends a scenario that cannot go on.
func must(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "victim: "+format+"\n", args...)
	os.Exit(exitFailed)
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

// duration is the setting KEY, or another.
func (s settings) duration(key string, otherwise time.Duration) time.Duration {
	if s[key] == "" {
		return otherwise
	}
	d, err := time.ParseDuration(s[key])
	must(err)
	return d
}

// options are those of a timer that the settings ask for: fd, file, repeat, exit,
// deadline, maxthreads.
func (s settings) options() []handler.Option {
	var opts []handler.Option
	if s["fd"] != "" {
		f := os.NewFile(uintptr(s.number("fd")), "fd")
		opts = append(opts, handler.WithOutput(f))
	}
	if s["file"] != "" {
		f, err := os.Create(s["file"])
		must(err)
		opts = append(opts, handler.WithOutput(f))
	}
	if s["repeat"] != "" {
		opts = append(opts, handler.WithRepeat())
	}
	if s["exit"] != "" {
		opts = append(opts, handler.WithExit())
	}
	if s["deadline"] != "" {
		opts = append(opts, handler.WithDeadline(s.duration("deadline", 0)))
	}
	if s["maxthreads"] != "" {
		opts = append(opts, handler.WithMaxThreads(s.number("maxthreads")))
	}
	return opts
}

// enable enables Epitaph if the settings ask for it.
func (s settings) enable() {
	if s["enable"] != "" {
		must(handler.Enable())
	}
}

// tempFile is a file that has no name any more.
func tempFile() *os.File {
	f, err := os.CreateTemp("", "dumps")
	must(err)
	must(os.Remove(f.Name()))
	return f
}

// show copies all of a file to standard error.
func show(f *os.File) {
	_, err := f.Seek(0, io.SeekStart)
	must(err)
	_, err = io.Copy(os.Stderr, f)
	must(err)
}
