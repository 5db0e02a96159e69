//go:build linux && (amd64 || arm64) && cgo

package threads

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// What a program reads back of its signal masks, what its new threads begin with, what is
// pending and what it can wait for is as without Epitaph.
func TestMasksAsTheProgramSeesThem(t *testing.T) {
	for name, how := range map[string][2]string{
		"in this link":          {"0", "1"},
		"from a shared library": {"2", "3"},
	} {
		t.Run(name, func(t *testing.T) {
			plain, out := program.Run(t, "masks "+how[0]), program.Run(t, "masks "+how[1])
			if !plain.IsExit(0) || strings.Count(plain.Stdout, "\n") < 20 {
				t.Fatal(plain)
			}
			if !out.IsExit(0) || out.Stdout != plain.Stdout {
				t.Errorf("%v\nwithout Epitaph:\n%s", out, plain.Stdout)
			}
		})
	}
}

// In a static program what waits is the core's, in place of libc's.
func TestMasksInAStaticProgram(t *testing.T) {
	static := &victim.Program{Name: "static", Limit: limit, Build: []string{"-tags", "epitaph_test",
		"-ldflags=-linkmode external -extldflags -static", "./victim"}}
	plain, out := program.Run(t, "masks 0"), static.Run(t, "masks 1")
	if !plain.IsExit(0) || strings.Count(plain.Stdout, "\n") < 20 {
		t.Fatal(plain)
	}
	if !out.IsExit(0) || out.Stdout != plain.Stdout {
		t.Errorf("%v\nwithout Epitaph:\n%s", out, plain.Stdout)
	}
}

// A handler that changes the mask and puts it back leaves what it interrupts as it was: in the
// middle of a change, and behind one.
func TestMasksUnderAHandler(t *testing.T) {
	out := program.Run(t, "stress 2")
	if !out.IsExit(0) || strings.TrimSpace(out.Stdout) != "lost 0 left 0" {
		t.Error(out)
	}
}

// librdkafka blocks all signals on its threads; a fault there is reported like any other.
func TestFaultBehindAMask(t *testing.T) {
	for line, signal := range map[string]syscall.Signal{
		"blocked 0": syscall.SIGSEGV, "blocked 1": syscall.SIGFPE, "blocked 2": syscall.SIGSEGV,
	} {
		t.Run(line, func(t *testing.T) {
			if signal == syscall.SIGFPE {
				victim.NeedDivision(t, "div")
			}
			out := program.Run(t, line)
			out.DiedOf(t, signal)
			if r := victim.Complete(t, out.Stderr); r.Current().Name() != "blocked" {
				t.Errorf("the thread is %q", r.Current().Name())
			}
		})
	}
}

// So is one in pthread_create: Go's runtime blocks all signals around every call of it.
func TestFaultInCreate(t *testing.T) {
	out := program.Run(t, "blocked-creator 0")
	out.DiedOf(t, syscall.SIGSEGV)
	if r := victim.Complete(t, out.Stderr); !slices.ContainsFunc(r.Current().Frames, func(f report.Frame) bool {
		return f.Name() == "masks_crash_in_create"
	}) {
		t.Errorf("the stack is not that of the fault:\n%s", out.Stderr)
	}
}

// A thread that had blocked SIGSEGV before Epitaph was enabled still takes it for blocked when
// it is open.
func TestFaultBehindAnOlderMask(t *testing.T) {
	out := program.Run(t, "older 0")
	out.DiedOf(t, syscall.SIGSEGV)
	if out.Stdout != "SIGSEGV blocked 1\n" {
		t.Error(out)
	}
	if r := victim.Complete(t, out.Stderr); r.Current().Name() != "blocked" {
		t.Errorf("the thread is %q", r.Current().Name())
	}
}
