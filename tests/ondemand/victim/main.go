//go:build linux && (amd64 || arm64) && cgo

// Victim is the program that is dumped in these tests. A scenario arms what it is
// about, as the settings say, does something, and finishes unless it is
// ended.
package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

type settings = scenario.Settings

var scenarios = map[string]func(settings){}

// add is for the init functions of the files that hold the scenarios.
func add(name string, run func(settings)) { scenarios[name] = run }

func main() { scenario.Main(scenarios) }

func must(err error) { scenario.Must(err) }

func fail(format string, args ...any) { must(fmt.Errorf(format, args...)) }

// duration is the setting KEY, or another.
func duration(s settings, key string, otherwise time.Duration) time.Duration {
	if s[key] == "" {
		return otherwise
	}
	d, err := time.ParseDuration(s[key])
	must(err)
	return d
}

// timer are the options of a timer that the settings ask for: fd, deadline, file,
// repeat, exit, maxthreads.
func timer(s settings) []handler.Option {
	s["cache"] = "off" // dumps take none
	opts := s.Options()
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
	if s["maxthreads"] != "" {
		opts = append(opts, handler.WithMaxThreads(s.Number("maxthreads")), handler.WithIdleThreads())
	}
	return opts
}

// enable enables Epitaph if the settings ask for it.
func enable(s settings) {
	if s["enable"] != "" {
		must(handler.Enable())
	}
	if s["ready"] != "" { // the symbols have been read; while they are, Go's threads come and go
		s.Enable()
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
