//go:build linux && (amd64 || arm64) && cgo

package edges

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// startReady starts a victim whose first line on standard output says that it
// is ready.
func startReady(t *testing.T, line string) *victim.Child {
	t.Helper()
	c := start(t, line, victim.Talk)
	if first, err := c.Out.ReadString('\n'); first != "ready\n" {
		t.Fatalf("the victim says %q (%v)", first, err)
	}
	return c
}

var fatalSignals = []syscall.Signal{syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL,
	syscall.SIGABRT, syscall.SIGTRAP, syscall.SIGSYS}

func TestSignalFromOutside(t *testing.T) {
	for _, signal := range fatalSignals {
		t.Run(fmt.Sprint(signal), func(t *testing.T) {
			t.Parallel()
			c := startReady(t, "wait")
			syscall.Kill(c.Cmd.Process.Pid, signal)
			o := c.Wait()
			o.DiedOf(t, signal)
			r := victim.Complete(t, o.Stderr)
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

// The kernel may give a signal of the process to a thread of Epitaph's own, which hands it
// on; the report names the first sender all the same.
func TestSignalFromOutsideToOwnThread(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGSYS} {
		t.Run(fmt.Sprint(signal), func(t *testing.T) {
			t.Parallel()
			c := startReady(t, "wait")
			pid := c.Cmd.Process.Pid
			if err := unix.Tgkill(pid, ownThread(t, pid), signal); err != nil {
				t.Fatal(err)
			}
			o := c.Wait()
			o.DiedOf(t, signal)
			r := victim.Complete(t, o.Stderr)
			if want := fmt.Sprintf("sent by process %d ", os.Getpid()); !strings.HasPrefix(r.Signal.Cause, want) {
				t.Errorf("the cause is %s: %s, want %s", r.Signal.CodeName, r.Signal.Cause, want)
			}
		})
	}
}

// ownThread is a thread of Epitaph's in a process.
func ownThread(t *testing.T, pid int) int {
	t.Helper()
	names, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/comm", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if comm, _ := os.ReadFile(name); string(comm) == "epitaph\n" {
			tid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			if err != nil {
				t.Fatal(err)
			}
			return tid
		}
	}
	t.Fatal("no thread of Epitaph's")
	return 0
}

func TestNotifiedSignalFromOutside(t *testing.T) {
	for _, signal := range fatalSignals {
		t.Run(fmt.Sprint(signal), func(t *testing.T) {
			t.Parallel()
			c := startReady(t, fmt.Sprintf("wait notify=1 signal=%d", signal))
			syscall.Kill(c.Cmd.Process.Pid, signal)
			if got, _ := c.Out.ReadString('\n'); got != "got "+signal.String()+"\n" {
				t.Errorf("the program %q", got)
			}
			o := c.Wait()
			o.Exited(t, 3)
			victim.NoReport(t, o.Stderr)
		})
	}
}

// Sent by another process, or raised by the program: what happens is what happens without
// Epitaph.
func TestIgnoredSignal(t *testing.T) {
	for _, signal := range fatalSignals {
		for _, when := range []string{"before", "after", "again"} {
			t.Run(fmt.Sprint(signal)+"/"+when, func(t *testing.T) {
				t.Parallel()
				line := fmt.Sprintf("ignored signal=%d when=%s", signal, when)
				for i := range 2 * victim.Rounds(100) {
					line := line
					if i%2 != 0 {
						line += " off=1"
					}
					c := startReady(t, line)
					syscall.Kill(c.Cmd.Process.Pid, signal)
					syscall.Kill(c.Cmd.Process.Pid, syscall.SIGUSR1)
					if got, _ := c.Out.ReadString('\n'); got != "got user defined signal 1\n" {
						t.Errorf("the program %q", got)
					}
					if got, _ := c.Out.ReadString('\n'); got != "ignored true\n" {
						t.Errorf("the program says %q", got)
					}
					o := c.Wait()
					o.Exited(t, 3)
					victim.NoReport(t, o.Stderr)
				}
			})
		}
	}
}

// What C raises on a Go thread is ignored, too; on its own thread Go lets it kill.
func TestIgnoredSignalIsRaised(t *testing.T) {
	for kind, signal := range map[string]syscall.Signal{"raise_sys": syscall.SIGSYS, "raise_bus": syscall.SIGBUS} {
		for _, place := range []string{"cgo", "callback", "thread"} {
			t.Run(kind+"/"+place, func(t *testing.T) {
				t.Parallel()
				line := "ignore_all kind=" + kind + " place=" + place
				o, plain := run(t, line), run(t, line+" off=1")
				if o.End() != plain.End() {
					t.Errorf("not as without Epitaph.\nWith it: %v\nWithout: %v", o, plain)
				}
				if place == "thread" {
					o.DiedOf(t, signal)
					victim.Complete(t, o.Stderr)
				} else {
					o.Exited(t, 3)
					victim.NoReport(t, o.Stderr)
				}
			})
		}
	}
}

func TestIgnoreDoesNotHideFaults(t *testing.T) {
	for _, scenario := range []string{"ignore_all", "ignore_all_first"} {
		for kind, signal := range map[string]syscall.Signal{
			"null": syscall.SIGSEGV, "abort": syscall.SIGABRT, "int3": syscall.SIGTRAP, "div": syscall.SIGFPE,
		} {
			for _, place := range []string{"cgo", "thread"} {
				t.Run(scenario+"/"+kind+"/"+place, func(t *testing.T) {
					t.Parallel()
					o := run(t, scenario+" kind="+kind+" place="+place)
					o.DiedOf(t, signal)
					victim.Complete(t, o.Stderr)
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
				o := run(t, test.scenario, victim.Env("GOTRACEBACK="+traceback))
				victim.NoReport(t, o.Stderr)
				if traceback == "crash" && test.status == 2 {
					o.DiedOf(t, syscall.SIGABRT)
				} else {
					o.Exited(t, test.status)
				}
				if n := strings.Count(o.Stderr, test.says); test.says != "" && n != 1 {
					t.Errorf("%q is there %d times in:\n%s", test.says, n, o.Stderr)
				}
			})
		}
	}
}

// toItself is the cause of what kill has sent where the sender is not on the stack.
const toItself = "sent by the process to itself, perhaps by another thread"

// The program sends itself a fatal signal from Go code, which is not what Go's
// runtime does at its own end.
func TestGoSendsItselfASignal(t *testing.T) {
	for _, signal := range fatalSignals {
		t.Run(fmt.Sprint(signal), func(t *testing.T) {
			t.Parallel()
			o := run(t, "go_raise", signalSetting(signal))
			o.DiedOf(t, signal)
			r := victim.Complete(t, o.Stderr)
			// The kernel prefers the first thread, on which the main goroutine may be or not.
			if c := r.Signal.Cause; c != "raised by the process itself" && c != toItself {
				t.Errorf("the cause is %q", c)
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
				o.Exited(t, 2)
				victim.Complete(t, o.Stderr)
				_, dump, _ := strings.Cut(o.Stderr, "End of report")
				if !strings.Contains(dump, says) || !strings.Contains(dump, "goroutine 1 ") {
					t.Errorf("Go's dump does not follow the report:\n%s", o.Stderr)
				}
			})
		}
	}
	for kind, signal := range map[string]syscall.Signal{"null": syscall.SIGSEGV, "abort": syscall.SIGABRT, "div": syscall.SIGFPE} {
		t.Run("thread/"+kind, func(t *testing.T) {
			t.Parallel()
			o := run(t, "crash chain=1 place=thread kind="+kind)
			o.DiedOf(t, signal)
			victim.Complete(t, o.Stderr)
		})
	}
}

// The same applies to a signal that is sent, whatever Go's threads do.
func TestChainASentSignalToGo(t *testing.T) {
	for _, signal := range fatalSignals {
		for _, busy := range []string{"", " busy=1"} {
			t.Run(fmt.Sprint(signal)+busy, func(t *testing.T) {
				t.Parallel()
				for range victim.Rounds(100) {
					c := startReady(t, "wait chain=1"+busy)
					syscall.Kill(c.Cmd.Process.Pid, signal)
					o := c.Wait()
					o.Exited(t, 2)
					victim.Complete(t, o.Stderr)
					_, dump, _ := strings.Cut(o.Stderr, "End of report")
					if !strings.Contains(dump, "\ngoroutine 1 ") {
						t.Errorf("Go's dump does not follow the report:\n%s", o.Stderr)
					}
				}
			})
		}
	}
}

func TestCrashInAStorm(t *testing.T) {
	for _, place := range []string{"cgo", "goroutine", "callback", "thread"} {
		for kind, signal := range map[string]syscall.Signal{"null": syscall.SIGSEGV, "abort": syscall.SIGABRT} {
			t.Run(kind+"/"+place, func(t *testing.T) {
				t.Parallel()
				o := run(t, "storm kind="+kind+" place="+place)
				o.DiedOf(t, signal)
				victim.Complete(t, o.Stderr)
			})
		}
	}
}
