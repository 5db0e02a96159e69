//go:build linux && (amd64 || arm64) && cgo

package host

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

const staticLink = "-ldflags=-linkmode external -extldflags '-static -Wl,--no-warnings'"

var returning = &victim.Program{Name: "libreturns.so", Compiler: []string{"cc", "-shared", "-fPIC"}, Build: []string{"library/returns.c"}}

// links are the ways to link in which abort() has to be known; and one in which the signals of a
// shared library come to Epitaph.
var links = map[string]*victim.Program{
	"dynamic":  program,
	"pie":      {Name: "pie", Build: []string{"-buildmode=pie", "./victim"}, Limit: program.Limit},
	"stripped": {Name: "stripped", Build: []string{"-ldflags=-s -w", "./victim"}, Limit: program.Limit},
	"static":   {Name: "static", Build: []string{staticLink, "./victim"}, Limit: program.Limit},
	"bare":     {Name: "bare", Build: []string{strings.Replace(staticLink, "=", "=-s -w ", 1), "./victim"}, Limit: program.Limit},
	"musl":     {Name: "musl", Build: []string{"-tags=nocxx", staticLink, "./victim"}, Env: []string{"CC=musl-gcc"}, Limit: program.Limit},
	"library":  {Name: "interposed", Build: []string{"-tags=interposed", "./victim"}, Limit: program.Limit},
}

// quick are the links of the short run.
var quick = map[string]bool{"dynamic": true, "static": true, "musl": true, "library": true}

// eachLink calls f for each of the links that can be had here.
func eachLink(t *testing.T, f func(*testing.T, string, *victim.Program)) {
	for link, program := range links {
		if !victim.Full && !quick[link] {
			continue
		}
		t.Run(link, func(t *testing.T) {
			if link == "musl" {
				victim.NeedTools(t, "musl-gcc")
			}
			f(t, link, program)
		})
	}
}

func withReturning(t *testing.T) victim.Change { return victim.Env("LIBRARY=" + returning.Path(t)) }

// TestSentAndHandled: a program that has a handler, a channel, or has the signal ignored, lives
// when that is sent or raised, as without Epitaph.
func TestSentAndHandled(t *testing.T) {
	eachLink(t, func(t *testing.T, link string, program *victim.Program) {
		for _, by := range []string{"raise", "pthread_kill", "tgkill", "kill", "outside"} {
			for _, what := range []string{"handler", "ignored", "channel", "library"} {
				for _, signal := range []syscall.Signal{syscall.SIGABRT, syscall.SIGSEGV, syscall.SIGTRAP} {
					if (what == "library") != (link == "library") || (!victim.Full && signal != syscall.SIGABRT && what != "channel") {
						continue
					}
					for _, place := range places {
						t.Run(fmt.Sprintf("%s/%s/%v/%s", by, what, signal, place), func(t *testing.T) {
							t.Parallel()
							line := fmt.Sprintf("sent by=%s for=%s signal=%d place=%s", by, what, int(signal), place)
							o := program.Run(t, line, withReturning(t))
							plain := program.Run(t, line+" off=1", withReturning(t))
							plain.Exited(t, 3)
							o.Exited(t, 3)
							if o.Stdout != plain.Stdout {
								t.Errorf("%q, and without Epitaph %q", o.Stdout, plain.Stdout)
							}
							victim.NoReport(t, o.Stderr)
						})
					}
				}
			}
		}
	})
}

// TestAbortIsReported, whatever the program has for SIGABRT: it dies of that in the end.
func TestAbortIsReported(t *testing.T) {
	eachLink(t, func(t *testing.T, link string, program *victim.Program) {
		for _, by := range []string{"abort", "assert"} {
			for _, what := range []string{"nothing", "handler", "ignored", "channel", "library"} {
				if (what == "library") != (link == "library") {
					continue
				}
				for _, place := range places {
					t.Run(fmt.Sprintf("%s/%s/%s", by, what, place), func(t *testing.T) {
						t.Parallel()
						line := fmt.Sprintf("sent by=%s for=%s signal=%d place=%s", by, what, int(syscall.SIGABRT), place)
						o := program.Run(t, line, withReturning(t))
						o.DiedOf(t, syscall.SIGABRT)
						r := victim.Complete(t, o.Stderr)
						if r.Signal == nil || r.Signal.Cause != "abort() was called" {
							t.Errorf("the signal is %+v", r.Signal)
						}
						if what != "nothing" || place == "thread" { // Go has its own way
							program.Run(t, line+" off=1", withReturning(t)).DiedOf(t, syscall.SIGABRT)
						}
					})
				}
			}
		}
	})
}

// TestRaisedAndNotHandled: a program that has nothing for it dies of it, and says so.
func TestRaisedAndNotHandled(t *testing.T) {
	for _, by := range []string{"raise", "pthread_kill", "tgkill", "kill", "outside"} {
		for _, place := range places {
			t.Run(by+"/"+place, func(t *testing.T) {
				t.Parallel()
				o := program.Run(t, fmt.Sprintf("sent by=%s for=nothing signal=%d place=%s", by, int(syscall.SIGABRT), place))
				o.DiedOf(t, syscall.SIGABRT)
				victim.Complete(t, o.Stderr)
			})
		}
	}
}
