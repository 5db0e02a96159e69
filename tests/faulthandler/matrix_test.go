//go:build linux && (amd64 || arm64) && cgo

package faulthandler

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// A variant is a program that is built or run otherwise.
type variant struct {
	name    string
	program *victim.Program
	under   victim.Change
	line    string // added to each scenario
	always  bool   // else only when everything is asked for
	nowrap  bool
	pid1    bool
}

func built(env []string, args ...string) *victim.Program {
	return &victim.Program{Build: append(args, "./victim"), Env: env, Limit: 30 * time.Second}
}

var asPID1 = victim.Under("unshare", "--pid", "--fork", "--mount-proc")

var variants = []variant{
	{name: "pie", program: built(nil, "-buildmode=pie"), always: true},
	{name: "stripped", program: built(nil, "-ldflags=-s -w")},
	{name: "race", program: built(nil, "-race")},
	{name: "nowrap", program: built(nil, "-tags=epitaph_nowrap"), nowrap: true, always: true},
	{name: "go1.27", program: built([]string{"GOTOOLCHAIN=go1.27.4"})},
	{name: "notify", program: program, line: " notify=1", always: true},
	{name: "pid1", program: program, under: asPID1, pid1: true, always: true},
}

func (v *variant) run(t *testing.T, line string) *victim.Outcome {
	t.Helper()
	if v.under != nil {
		return v.program.Run(t, line+v.line, v.under)
	}
	return v.program.Run(t, line+v.line)
}

// Register and Dump in every kind of program.
func TestVariants(t *testing.T) {
	for i := range variants {
		v := &variants[i]
		t.Run(v.name, func(t *testing.T) {
			if !v.always && !victim.Full {
				t.Skip("only with EPITAPH_MATRIX=full")
			}
			if v.pid1 && exec.Command("unshare", "--pid", "--fork", "--mount-proc", "true").Run() != nil {
				t.Skip("needs leave to make a PID namespace")
			}
			if _, err := v.program.Make(); err != nil && v.name == "go1.27" && strings.Contains(err.Error(), "toolchain") {
				t.Skip(err)
			}
			v.test(t)
		})
	}
}

func (v *variant) test(t *testing.T) {
	o := v.run(t, "dump")
	o.Exited(t, 0)
	calls(t, header(t, dump(t, o.Stderr), report.CurrentThread), "main.funcB", "main.funcA", "main.dump", "main.main")

	for _, place := range []string{"", " thread=1"} {
		o = v.run(t, "register waiters=2"+place)
		o.Exited(t, 0)
		r := dump(t, o.Stderr)
		current := header(t, r, report.CurrentThread)
		if place == "" {
			calls(t, current, "main.raise", "main.funcB", "main.funcA", "main.register")
		} else if current.Name() != "raiser" {
			t.Errorf("the current thread is %q", current.Name())
		}
		if o.Stdout != wentOn || !has(r, "waiter") || r.Goroutines == nil || !r.Goroutines.Live {
			t.Errorf("%v", o)
		}
	}

	for who, want := range map[string]string{"c": "counted: 1 of itself: true\n", "before": "channel: user defined signal 1\n", "after": "channel: user defined signal 1\n"} {
		if v.line != "" && who != "c" {
			continue // it has a channel of its own
		}
		line := "chain chain=1 who=" + who
		if who != "c" {
			line += " wait=10000" // it ends when the channel has it
		}
		o = v.run(t, line)
		o.Exited(t, 0)
		header(t, dump(t, o.Stderr), report.CurrentThread)
		if !strings.HasPrefix(o.Stdout, want) {
			t.Errorf("%s: %v", who, o)
		}
	}

	// Without the wrapper of sigaction signal.Ignore takes the signal away.
	o = v.run(t, "chain who=ignore-after signal=15")
	o.Exited(t, 0)
	if v.nowrap {
		if o.Stderr != "" {
			t.Errorf("%v", o)
		}
	} else {
		header(t, dump(t, o.Stderr), report.CurrentThread)
	}

	if v.line != "" {
		return
	}
	o = v.run(t, "chain chain=1 who=nobody wait=10000 signal=15")
	header(t, dump(t, o.Stderr), report.CurrentThread)
	if v.pid1 { // Go's last resort, where the kernel spares it; unshare passes the status on
		o.Exited(t, 2)
	} else {
		o.DiedOf(t, syscall.SIGTERM)
	}
}
