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
			for range h.times("healthy/" + order) {
				o := h.start(t, "healthy go=1"+setting).Wait()
				if o.End() != off.End() || o.Stdout != want || o.Stderr != off.Stderr {
					t.Errorf("enabled %s it: %v\nwithout Epitaph: %v", order, o, off)
				}
			}
		}
	})
}

// A kind is a way to crash, by the name that crash.c has for it.
type kind struct {
	name   string
	signal syscall.Signal
	frame  string // where it happens; of Rust another
}

var kinds = []kind{
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
					run := fmt.Sprintf("%s/%s/%s", place, kind.name, order)
					t.Run(run, func(t *testing.T) {
						t.Parallel()
						var off *victim.Outcome
						if h.dies || place == "thread" && victim.Full {
							off = h.start(t, line+" off=1").Wait()
						}
						for range h.times(run) {
							o := h.start(t, line+setting).Wait()
							h.crashed(t, o, off, kind)
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

// crashed holds a crash against what it must be, and its end against that without Epitaph, if that
// is known.
func (h host) crashed(t *testing.T, o, off *victim.Outcome, kind kind) {
	t.Helper()
	if off != nil && o.End() != off.End() && !goDied(off) && !noStack(off) {
		t.Errorf("%v\nwithout Epitaph: %v", o, off)
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
}

// goDied tells whether Go's handler has ended the process.
func goDied(o *victim.Outcome) bool { return o.IsExit(2) }

// noStack tells whether the kernel has ended it: for the host's own handler there was no stack.
func noStack(o *victim.Outcome) bool { return o.IsDeath(syscall.SIGSEGV) && o.Stderr == "" }
