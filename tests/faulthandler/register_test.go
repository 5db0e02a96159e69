//go:build linux && (amd64 || arm64) && cgo

package faulthandler

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

const wentOn = "went on, unregistered: true false\n"

func testRegister(t *testing.T, which string) {
	out := to(t, which)
	o := survive(t, "register all=0"+out.line, out.changes...)
	r := dump(t, out.text(o))
	calls(t, header(t, r, report.BareStack), "main.raise", "main.funcB", "main.funcA", "main.register", "main.main")
	if o.Stdout != wentOn || len(r.Threads) != 1 {
		t.Errorf("%v\n%s", o, r)
	}
}

func TestFaulthandler_register(t *testing.T)      { testRegister(t, "stderr") }
func TestFaulthandler_register_file(t *testing.T) { testRegister(t, "file") }
func TestFaulthandler_register_fd(t *testing.T)   { testRegister(t, "fd") }

func TestFaulthandler_unregister(t *testing.T) {
	o := program.Run(t, "unregister signal=15")
	o.DiedOf(t, syscall.SIGTERM)
	if o.Stderr != "" || o.Stdout != "unregistered: true\n" {
		t.Error(o)
	}
	// Of this one Go's default is to do nothing.
	o = survive(t, "unregister")
	if o.Stderr != "" || o.Stdout != "unregistered: true\nstill there\n" {
		t.Error(o)
	}
}

func TestFaulthandler_register_threads(t *testing.T) {
	for _, place := range []string{"", " thread=1"} {
		r := dump(t, survive(t, "register waiters=2"+place).Stderr)
		current := header(t, r, report.CurrentThread)
		if place == "" {
			calls(t, current, "main.raise", "main.funcB", "main.funcA", "main.register")
			if len(r.GoroutineGroups) == 0 || r.GoroutineGroups[0].Thread() != current.TID() {
				t.Errorf("the goroutine that got the signal is not the first:\n%s", r)
			}
		} else if calls(t, current, "raise", "c_raiser"); current.Name() != "raiser" {
			t.Errorf("the current thread is %q", current.Name())
		}
		if !has(r, "waiter") || r.Answers == nil || r.Goroutines == nil || !r.Goroutines.Live {
			t.Errorf("threads or goroutines are missing:\n%s", r)
		}
	}
}

func TestFaulthandler_register_chain(t *testing.T) {
	for _, test := range []struct {
		name, line, want string
	}{
		{"C's handler", "chain who=c", "counted: 1 of itself: true\n"}, // and it sees the siginfo
		{"a channel, from before", "chain who=before", "channel: user defined signal 1\ncounted: 0 of itself: false\n"},
		{"a channel, from later", "chain who=after", "channel: user defined signal 1\ncounted: 0 of itself: false\n"},
		{"a channel for all signals", "chain who=all-after", "channel: user defined signal 1\ncounted: 0 of itself: false\n"},
		{"a channel, of a signal that Go does not handle by itself", "chain who=after signal=18", "channel: continued\ncounted: 0 of itself: false\n"},
		{"a channel that was stopped", "chain who=stop signal=18", "counted: 0 of itself: false\n"},
		{"on a thread of C's", "chain who=c thread=1", "counted: 1 of itself: true\n"},
		{"a channel, on a thread of C's", "chain who=after thread=1", "channel: user defined signal 1\ncounted: 0 of itself: false\n"},
		{"nobody", "chain who=nobody", "counted: 0 of itself: false\n"},
		{"ignored before", "chain who=ignored", "counted: 0 of itself: false\n"},
		{"ignored later", "chain who=ignore-after signal=15", "counted: 0 of itself: false\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			line := test.line
			if strings.HasPrefix(test.want, "channel") {
				line += " wait=10000" // it ends when the channel has it
			}
			o := survive(t, line+" chain=1")
			header(t, dump(t, o.Stderr), report.CurrentThread)
			if o.Stdout != test.want+"unregistered: true\n" {
				t.Error(o)
			}
			// Without the chain no other handler is called.
			o = survive(t, test.line)
			header(t, dump(t, o.Stderr), report.CurrentThread)
			if o.Stdout != "counted: 0 of itself: false\nunregistered: true\n" {
				t.Error(o)
			}
		})
	}
}

// What ends the program ends it when the dump is written.
func TestChainThatEnds(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		if signal.Ignored(sig) { // as nohup has it, and programs inherit it
			continue
		}
		for _, place := range []string{"", " thread=1"} {
			o := program.Run(t, fmt.Sprintf("chain who=nobody chain=1 wait=10000 signal=%d%s", int(sig), place))
			o.DiedOf(t, sig)
			r := dump(t, o.Stderr)
			header(t, r, report.CurrentThread)
			if r.Goroutines == nil || !r.Goroutines.Live {
				t.Errorf("%v: no live goroutines:\n%s", sig, r)
			}
		}
	}
	for _, traceback := range []string{"single", "crash"} {
		o := program.Run(t, "chain who=nobody chain=1 wait=10000 signal=3", victim.Env("GOTRACEBACK="+traceback))
		text, rest, _ := strings.Cut(o.Stderr, "SIGQUIT: quit\n")
		header(t, dump(t, text), report.CurrentThread)
		if !strings.Contains(rest, "goroutine 1 ") {
			t.Errorf("Go's dump does not follow: %v", o)
		}
		if traceback == "crash" {
			o.DiedOf(t, syscall.SIGABRT)
		} else {
			o.Exited(t, 2)
		}
	}
}

// "The first SIGTERM cleans up, the second kills" is what a handler with SA_RESETHAND says.
func TestChainOnce(t *testing.T) {
	o := survive(t, "chain who=once chain=1 signal=15")
	header(t, dump(t, o.Stderr), report.CurrentThread)
	if o.Stdout != "counted: 1 of itself: true\nunregistered: true\n" {
		t.Error(o)
	}
	o = program.Run(t, "chain who=once chain=1 signal=15 raises=2 wait=10000")
	o.DiedOf(t, syscall.SIGTERM)
	if all := dumps(t, o.Stderr); len(all) != 2 {
		t.Errorf("%d dumps, want 2", len(all))
	}
}

// What ends the program from outside, while threads and goroutines work.
func TestChainThatEndsFromOutside(t *testing.T) {
	out := to(t, "file")
	c := program.Start(t, "serve signal=15 chain=1"+out.line, victim.Talk)
	if first, err := c.Out.ReadString('\n'); first != "ready\n" {
		t.Fatalf("the victim says %q (%v)", first, err)
	}
	if err := c.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	o := c.Wait()
	o.DiedOf(t, syscall.SIGTERM)
	header(t, dump(t, out.text(o)), report.CurrentThread)
}

// Go's dump comes after the one that was asked for, and is no longer than without
// Epitaph, whether the core stood in front of Go's handler first or came later.
func TestChainThatEndsEnabled(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGSTKFLT} {
		for _, enable := range []string{"before", "after"} {
			for range 3 {
				o := program.Run(t, fmt.Sprintf("chain who=nobody chain=1 wait=10000 signal=%d enable=%s", int(signal), enable))
				o.Exited(t, 2)
				text, rest, _ := strings.Cut(o.Stderr, "\nSIG")
				header(t, dump(t, text+"\n"), report.CurrentThread)
				if !strings.Contains(rest, "goroutine 1 ") || strings.Contains(rest, "-----") {
					t.Errorf("Go's dump is not what it is without Epitaph: %v", o)
				}
			}
		}
	}
}

// Unregister leaves the core in front of Go's handler while that is enabled, and
// nothing of the core when it is not.
func TestUnregisterRestores(t *testing.T) {
	o := survive(t, "restored signal=3")
	want := "at first: true\nregistered: false\nunregistered: false\nregistered: false\nunregistered: true\n"
	if o.Stdout != want {
		t.Errorf("%v\nwant\n%s", o, want)
	}
}

// What stops the program stops it when the dump is written, and it stays registered.
func TestChainThatStops(t *testing.T) {
	out := to(t, "file")
	c := program.Start(t, fmt.Sprintf("serve signal=%d chain=1%s", int(syscall.SIGTSTP), out.line), victim.Talk)
	if first, err := c.Out.ReadString('\n'); first != "ready\n" {
		t.Fatalf("the victim says %q (%v)", first, err)
	}
	for range 2 {
		if err := c.Cmd.Process.Signal(syscall.SIGTSTP); err != nil {
			t.Fatal(err)
		}
		untilStopped(t, c.Cmd.Process.Pid, true)
		if err := c.Cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		untilStopped(t, c.Cmd.Process.Pid, false)
	}
	c.In.Close()
	c.Wait().Exited(t, 0)
	if all := dumps(t, out.text(c.Wait())); len(all) != 2 {
		t.Errorf("%d dumps, want 2", len(all))
	}
}

func untilStopped(t *testing.T, pid int, want bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Fatal(err)
		}
		if _, state, _ := strings.Cut(string(stat), ") "); (state[0] == 'T') == want {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it should be stopped (%v): %s", want, stat)
		}
	}
}

func TestRefused(t *testing.T) {
	o := survive(t, "refused")
	lines := strings.Split(strings.TrimSuffix(o.Stdout, "\n"), "\n")
	want := []string{
		"signal 11 (segmentation fault) is a fatal signal, use Enable", "signal 6 (aborted) is a fatal signal, use Enable",
		"signal 31 (bad system call) is a fatal signal, use Enable", "signal 9 (killed) cannot be handled",
		"signal 19 (stopped (signal)) cannot be handled", "signal 23 (urgent I/O condition) is needed by the Go runtime, to preempt goroutines",
		"signal 27 (profiling timer expired) is needed by the Go runtime, for CPU profiles", "signal number 0 is out of range",
		"signal number -1 is out of range", "signal 32 (signal 32) is needed by the C library", "signal 33 (signal 33) is needed by the C library",
		"signal 34 (signal 34) is needed by the C library", "signal number 65 is out of range", "signal number 1000 is out of range",
	}
	for i, text := range want {
		want[i] = "epitaph: Register: " + text + " false"
	}
	want = append(want, "epitaph: Register: signal 50 (signal 50) is needed by Epitaph (see WithThreadSignal)", "<nil>",
		"epitaph: WithThreadSignal: something other than Go handles signal 51")
	for i := range max(len(lines), len(want)) {
		if i >= len(lines) || i >= len(want) || lines[i] != want[i] {
			t.Fatalf("line %d of:\n%s\nwant:\n%s", i, o.Stdout, strings.Join(want, "\n"))
		}
	}
}

// A forked child has no thread that could dump, and must not use its parent's: the thread
// that gets the signal dumps itself.
func TestForkedChild(t *testing.T) {
	for _, test := range []struct{ line, child string }{
		{"fork", "true 7 false signal -1"}, // Go's default for SIGUSR1: nothing
		{"fork signal=15", "true 7 false signal -1"},
		{"fork signal=15 chain=1", "false -1 true terminated"},
	} {
		o := survive(t, test.line)
		dumps := strings.Count(o.Stderr, "Note: in a forked child of process ")
		if dumps != 1 || !strings.Contains(o.Stderr, "End of report (complete, ") || o.Stdout != "child: "+test.child+"\nunregistered: true\n" {
			t.Errorf("%s: %v", test.line, o)
		}
	}
}
