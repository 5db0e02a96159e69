//go:build linux && amd64 && cgo

package hosts

import (
	"cmp"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// wentOn is the status of a program that finished.
const wentOn = 3

// each runs a test for all hosts that can be had here.
func each(t *testing.T, test func(t *testing.T, h host)) {
	for _, h := range hosts {
		t.Run(h.name, func(t *testing.T) {
			h.ready(t)
			t.Parallel()
			test(t, h)
		})
	}
}

var orders = map[string]string{"before": "", "after": " after=1"}

// A host that is well says what it says without Epitaph, and ends as it does. Go recovers from a
// fault of its own, whatever handler the host has; without Epitaph it dies of a Java VM's.
func TestHealthy(t *testing.T) {
	each(t, func(t *testing.T, h host) {
		off := h.start(t, "healthy off=1").Wait()
		if !off.IsExit(wentOn) || !strings.Contains(off.Stdout, "work: ") {
			t.Fatalf("without Epitaph: %v", off)
		}
		want := off.Stdout + "in Go: runtime error: invalid memory address or nil pointer dereference\n"
		for order, setting := range orders {
			for range victim.Rounds(h.rounds) {
				o := h.start(t, "healthy go=1"+setting).Wait()
				if o.End() != off.End() || o.Stdout != want || o.Stderr != off.Stderr {
					t.Errorf("enabled %s it: %v\nwithout Epitaph: %v", order, o, off)
				}
			}
		}
	})
}

// The ways to crash, by the name that crash.c has for them.
var kinds = []struct {
	name   string
	signal syscall.Signal
	frame  string // where it happens; of Rust another
}{
	{"null", syscall.SIGSEGV, "write_at"},
	{"wild", syscall.SIGSEGV, "write_at"},
	{"abort", syscall.SIGABRT, ""},
	{"fpe", syscall.SIGFPE, "divide"},
	{"ill", syscall.SIGILL, "illegal"},
	{"overflow", syscall.SIGSEGV, "recurse"},
}

// A crash inside the host has one complete report, and ends the process as the host wants it, or
// by its signal. On a thread that is not Go's that is its end without Epitaph.
func TestCrashes(t *testing.T) {
	each(t, func(t *testing.T, h host) {
		for _, place := range h.places {
			for i, kind := range kinds {
				for order, setting := range orders {
					if !victim.Full && (i%2 == 0) != (order == "after") {
						continue
					}
					line := fmt.Sprintf("crash place=%s kind=%s", place, kind.name)
					t.Run(fmt.Sprintf("%s/%s/%s", place, kind.name, order), func(t *testing.T) {
						t.Parallel()
						for range victim.Rounds(h.rounds) - 1 {
							h.crashes(t, line+setting, kind.signal)
						}
						o := h.start(t, line+setting).Wait()
						if h.dies || place == "thread" && victim.Full {
							off := h.start(t, line+" off=1").Wait()
							if o.End() != off.End() && !goDied(off) && !noStack(off) {
								t.Errorf("%v\nwithout Epitaph: %v", o, off)
							}
						}
						if !h.dies {
							o.DiedOf(t, kind.signal)
						}
						r := victim.Complete(t, o.Stderr)
						if r.Signal == nil || r.Signal.Number != int(kind.signal) {
							t.Errorf("not the report of %v:\n%v", kind.signal, o)
						}
						frame := cmp.Or(h.frames[kind.name], kind.frame)
						if !strings.Contains(o.Stderr, frame) {
							t.Errorf("no frame of %s:\n%v", frame, o)
						}
					})
				}
			}
		}
	})
}

// The stack leads through code that LLVM has made without frame pointers, by what it says of that:
// to debuggers, whose descriptor is found wherever it is, or to the unwinder, whose function a
// library that is loaded later finds in the executable only if that exports it.
func TestCodeOfLLVM(t *testing.T) {
	for _, h := range hosts {
		if h.library != llvm {
			continue
		}
		t.Run(h.name, func(t *testing.T) {
			h.ready(t)
			t.Parallel()
			o := h.start(t, "crash place=main kind=null").Wait()
			o.DiedOf(t, syscall.SIGSEGV)
			r := victim.Complete(t, o.Stderr)
			var calls, code []report.Frame
			for _, f := range r.Current().Frames {
				if f.Kind == report.CodeFrame {
					code = append(code, f)
				}
				if f.How != report.Exact {
					t.Errorf("%v is found by %v", f, f.How)
				}
				if calls = append(calls, f); f.Name() == "main.main" {
					break
				}
			}
			if len(code) != 2 || calls[len(calls)-1].Name() != "main.main" {
				t.Errorf("%d frames of LLVM's, %d to %v:\n%s", len(code), len(calls), calls[len(calls)-1], o.Stderr)
			}
		})
	}
}

// crashes runs a crash once more: it must be reported each time.
func (h host) crashes(t *testing.T, line string, signal syscall.Signal) {
	o := h.start(t, line).Wait()
	if !h.dies {
		o.DiedOf(t, signal)
	}
	victim.Complete(t, o.Stderr)
}

// goDied tells whether Go's handler has ended the process.
func goDied(o *victim.Outcome) bool { return o.IsExit(2) }

// noStack tells whether the kernel has ended it: for the host's own handler there was no stack.
func noStack(o *victim.Outcome) bool { return o.IsDeath(syscall.SIGSEGV) && o.Stderr == "" }
