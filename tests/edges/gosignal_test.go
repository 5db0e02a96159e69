//go:build linux && amd64 && cgo

package edges

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// startReady starts a victim whose first line on standard output says that it
// is ready; rest reads on from there.
func startReady(t *testing.T, line string) (c *child, rest *bufio.Reader) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	c = start(t, line, func(c *exec.Cmd) { c.Stdout = w })
	w.Close()
	rest = bufio.NewReader(r)
	if first, err := rest.ReadString('\n'); first != "ready\n" {
		c.cmd.Process.Kill()
		t.Fatalf("the victim says %q (%v)", first, err)
	}
	return c, rest
}

var fatalSignals = []syscall.Signal{syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL,
	syscall.SIGABRT, syscall.SIGTRAP, syscall.SIGSYS}

func TestSignalFromOutside(t *testing.T) {
	for _, signal := range fatalSignals {
		t.Run(fmt.Sprint(signal), func(t *testing.T) {
			t.Parallel()
			c, _ := startReady(t, "wait")
			syscall.Kill(c.cmd.Process.Pid, signal)
			o := c.wait()
			o.diedOf(t, signal)
			r := completeReport(t, o.stderr)
			comm, err := os.ReadFile("/proc/self/comm")
			if err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf("sent by process %d %q (uid %d)", os.Getpid(), strings.TrimSuffix(string(comm), "\n"), os.Getuid())
			if r.Signal.Cause != want || r.Signal.CodeName != "SI_USER" {
				t.Errorf("the cause is %s: %s, want %s", r.Signal.CodeName, r.Signal.Cause, want)
			}
		})
	}
}

func TestNotifiedSignalFromOutside(t *testing.T) {
	for _, signal := range fatalSignals {
		t.Run(fmt.Sprint(signal), func(t *testing.T) {
			t.Parallel()
			c, rest := startReady(t, fmt.Sprintf("wait notify=1 signal=%d", signal))
			syscall.Kill(c.cmd.Process.Pid, signal)
			if got, _ := rest.ReadString('\n'); got != "got "+signal.String()+"\n" {
				t.Errorf("the program %q", got)
			}
			o := c.wait()
			o.exited(t, 3)
			noReport(t, o.stderr)
		})
	}
}

func TestIgnoredSignalFromOutside(t *testing.T) {
	t.Parallel()
	// Of the seven, signal.Ignore can have this one only.
	c, rest := startReady(t, fmt.Sprintf("wait ignore=1 signal=%d", syscall.SIGABRT))
	syscall.Kill(c.cmd.Process.Pid, syscall.SIGABRT)
	syscall.Kill(c.cmd.Process.Pid, syscall.SIGUSR1)
	if got, _ := rest.ReadString('\n'); got != "got user defined signal 1\n" {
		t.Errorf("the program %q", got)
	}
	o := c.wait()
	o.exited(t, 3)
	noReport(t, o.stderr)
}

func TestIgnoreDoesNotHideFaults(t *testing.T) {
	for _, scenario := range []string{"ignore_all", "ignore_all_first"} {
		for kind, signal := range map[string]syscall.Signal{
			"null": syscall.SIGSEGV, "abort": syscall.SIGABRT, "int3": syscall.SIGTRAP, "raise_sys": syscall.SIGSYS,
		} {
			for _, place := range []string{"cgo", "thread"} {
				t.Run(scenario+"/"+kind+"/"+place, func(t *testing.T) {
					t.Parallel()
					o := run(t, scenario+" kind="+kind+" place="+place)
					o.diedOf(t, signal)
					completeReport(t, o.stderr)
				})
			}
		}
	}
}

// What Go ends a program by looks and ends as it does without Epitaph.
func TestGoEndsTheProgram(t *testing.T) {
	for _, test := range []struct {
		scenario string
		says     string
		status   int
	}{
		{"go_panic", "panic: an ordinary panic", 2},
		{"go_nil", "panic: runtime error: invalid memory address or nil pointer dereference", 2},
		{"go_nil_func", "panic: runtime error: invalid memory address or nil pointer dereference", 2},
		{"go_throw", "fatal error: concurrent map writes", 2},
		{"go_exit", "", 7},
	} {
		for _, traceback := range []string{"single", "all", "crash"} {
			t.Run(test.scenario+"/"+traceback, func(t *testing.T) {
				t.Parallel()
				o := run(t, test.scenario, environment("GOTRACEBACK="+traceback))
				noReport(t, o.stderr)
				if traceback == "crash" && test.status == 2 {
					o.diedOf(t, syscall.SIGABRT)
				} else {
					o.exited(t, test.status)
				}
				if n := strings.Count(o.stderr, test.says); test.says != "" && n != 1 {
					t.Errorf("%q is there %d times in:\n%s", test.says, n, o.stderr)
				}
			})
		}
	}
}

// The program sends itself a fatal signal from Go code, which is not what Go's
// runtime does at its own end.
func TestGoSendsItselfASignal(t *testing.T) {
	for _, signal := range fatalSignals {
		t.Run(fmt.Sprint(signal), func(t *testing.T) {
			t.Parallel()
			o := run(t, "go_raise", appendSignal(signal))
			o.diedOf(t, signal)
			r := completeReport(t, o.stderr)
			if r.Signal.Cause != "raised by the process itself" {
				t.Errorf("the cause is %q", r.Signal.Cause)
			}
		})
	}
}

// After the report comes Go's dump, where Go has something to say.
func TestChainToGo(t *testing.T) {
	for _, place := range []string{"cgo", "goroutine", "callback"} {
		for kind, says := range map[string]string{
			"null": "SIGSEGV: segmentation violation", "div": "SIGFPE: floating-point exception",
			"abort": "SIGABRT: abort", "int3": "SIGTRAP: trace trap", "ud2": "SIGILL: illegal instruction",
		} {
			t.Run(place+"/"+kind, func(t *testing.T) {
				t.Parallel()
				o := run(t, "crash chain=1 kind="+kind+" place="+place)
				o.exited(t, 2)
				completeReport(t, o.stderr)
				_, dump, _ := strings.Cut(o.stderr, "End of report")
				if !strings.Contains(dump, says) || !strings.Contains(dump, "goroutine 1 ") {
					t.Errorf("Go's dump does not follow the report:\n%s", o.stderr)
				}
			})
		}
	}
	for kind, signal := range map[string]syscall.Signal{"null": syscall.SIGSEGV, "abort": syscall.SIGABRT, "div": syscall.SIGFPE} {
		t.Run("thread/"+kind, func(t *testing.T) {
			t.Parallel()
			o := run(t, "crash chain=1 place=thread kind="+kind)
			o.diedOf(t, signal)
			completeReport(t, o.stderr)
		})
	}
}

func TestCrashInAStorm(t *testing.T) {
	for _, place := range []string{"cgo", "goroutine", "callback", "thread"} {
		for kind, signal := range map[string]syscall.Signal{"null": syscall.SIGSEGV, "abort": syscall.SIGABRT} {
			t.Run(kind+"/"+place, func(t *testing.T) {
				t.Parallel()
				o := run(t, "storm kind="+kind+" place="+place)
				o.diedOf(t, signal)
				completeReport(t, o.stderr)
			})
		}
	}
}
