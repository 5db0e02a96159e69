//go:build linux && (amd64 || arm64) && cgo

// Package host tests handlers of a host that are asked about a fault before it is
// reported: of one that is resolved nothing is seen, and of one that is not nothing is
// lost, whichever way the handler gives up. Each program is run without Epitaph too, and
// ends alike.
package host

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// slack is what a busy machine may add to a deadline.
const slack = 5 * time.Second

var program = &victim.Program{Build: []string{"./victim"}, Limit: 20 * time.Second}

// unseen is the program without the linker's -wrap.
var unseen = &victim.Program{Name: "unseen", Build: []string{"-tags", "epitaph_nowrap", "./victim"}, Limit: program.Limit}

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// A way is one thing that a handler does, and how the process ends.
type way struct {
	name    string
	siginfo bool // it needs the context
	answer  string
	signal  syscall.Signal
	status  int
	other   bool // without Epitaph it is Go's handler that ends the process, or nothing does
}

var resolving = []way{
	{name: "context", siginfo: true},
	{name: "repair"},
	{name: "jump"},
	{name: "dfljump"},
	{name: "nested", siginfo: true},
}

var dying = []way{
	{name: "dfl", answer: "has changed nothing", signal: syscall.SIGSEGV},
	{name: "raise", answer: "has raised a signal", signal: syscall.SIGSEGV},
	{name: "tgkill", answer: "has raised a signal", signal: syscall.SIGSEGV},
	{name: "kill", answer: "has raised a signal", signal: syscall.SIGSEGV},
	{name: "abort", answer: "has aborted", signal: syscall.SIGABRT, other: true},
	{name: "_exit", answer: "has called _exit", status: 77},
	{name: "exit", answer: "has called exit", status: 78},
	{name: "exec", answer: "has called execve", status: 79},
	{name: "sigkill", answer: "has called kill", signal: syscall.SIGKILL},
	{name: "fault", answer: "has faulted", signal: syscall.SIGSEGV},
	{name: "divide", answer: "has faulted", signal: syscall.SIGFPE, other: true},
	{name: "print", answer: "has changed nothing", signal: syscall.SIGSEGV, other: true},
	{name: "touchfault", siginfo: true, answer: "has faulted", signal: syscall.SIGSEGV},
	{name: "touchexit", siginfo: true, answer: "has called _exit", status: 77},
	{name: "printexit", answer: "has called _exit", status: 77},
}

var places = []string{"cgo", "thread"}

// flags are what the host wants of sigaction; some ways need SA_SIGINFO as well.
var flags = []string{"siginfo+onstack", "siginfo", "", "onstack", "siginfo+onstack+nodefer", "siginfo+onstack+resethand"}

// settings calls f for all combinations, or without [victim.Full] for some of them: all ways
// in each place, with all flags in turn.
func settings(t *testing.T, ways []way, skip func(way, string, string) bool, f func(*testing.T, way, string, string)) {
	for i, way := range ways {
		for j, place := range places {
			for k, flag := range flags {
				if !victim.Full && k != (2*i+j)%len(flags) {
					continue
				}
				if way.siginfo && !strings.Contains(flag, "siginfo") {
					flag = strings.Trim("siginfo+"+flag, "+")
				}
				if skip(way, place, flag) {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%s", way.name, place, flag), func(t *testing.T) {
					t.Parallel()
					victim.NeedDivision(t, way.name)
					f(t, way, place, flag)
				})
			}
		}
	}
}

func (w way) ended(t *testing.T, o *victim.Outcome) {
	t.Helper()
	if w.signal != 0 {
		o.DiedOf(t, w.signal)
	} else {
		o.Exited(t, w.status)
	}
}

// reported fails unless the one report is complete, is that of the first fault, and names
// the handler and its answer.
func reported(t *testing.T, o *victim.Outcome, place, answer string) {
	t.Helper()
	r := victim.Complete(t, o.Stderr)
	if r.Signal == nil || r.Signal.Number != int(syscall.SIGSEGV) || !strings.Contains(o.Stderr, "write to 0x0000000000000008") {
		t.Errorf("not the fault that the host was asked about: %+v\n%s", r.Signal, o.Stderr)
	}
	if current := r.Current(); current == nil || len(current.Frames) == 0 || current.Frames[0].Name() != "write_null" {
		t.Errorf("the stack is not that of the fault:\n%s", o.Stderr)
	}
	if !slices.ContainsFunc(r.Notes, func(note string) bool {
		return strings.HasPrefix(note, "the host's handler was asked first, and "+answer+": ") &&
			strings.Contains(note, "handler in /") // plain_handler, too
	}) {
		t.Errorf("no note of the host's handler, which %s, in %q", answer, r.Notes)
	}
}

func TestResolvedFaultsAreNotSeen(t *testing.T) {
	skip := func(w way, _, flag string) bool {
		// The second fault kills: TestResolvedOnce.
		return strings.Contains(flag, "resethand") || w.name == "nested" && !strings.Contains(flag, "nodefer")
	}
	for _, after := range []string{"", " after=1"} {
		t.Run(strings.TrimSpace("before"+after), func(t *testing.T) {
			settings(t, resolving, skip, func(t *testing.T, w way, place, flag string) {
				times := 3
				if w.name == "dfljump" {
					times = 1
				}
				line := fmt.Sprintf("host way=%s place=%s flags=%s times=%d%s", w.name, place, flag, times, after)
				for _, off := range []string{"", " off=1"} {
					if w.name != "dfljump" && place == "cgo" && off != "" && !strings.Contains(flag, "onstack") {
						continue // Go refuses such a handler
					}
					o := program.Run(t, line+off)
					o.Exited(t, 3)
					victim.NoReport(t, o.Stderr)
					if o.Stderr != "" {
						t.Errorf("standard error:\n%s", o.Stderr)
					}
				}
			})
		})
	}
}

// A handler that resolves it once, and is reset by the kernel.
func TestResolvedOnce(t *testing.T) {
	for _, w := range []string{"context", "jump", "repair"} {
		t.Run(w, func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, "host flags=siginfo+onstack+resethand then=print way="+w)
			o.DiedOf(t, syscall.SIGSEGV)
			if r := victim.Complete(t, o.Stderr); len(r.Notes) > 0 {
				t.Errorf("a handler was asked about the second fault: %q", r.Notes)
			}
		})
	}
}

func TestUnresolvedFaultsAreReported(t *testing.T) {
	none := func(way, string, string) bool { return false }
	settings(t, dying, none, func(t *testing.T, w way, place, flag string) {
		line := fmt.Sprintf("host way=%s place=%s flags=%s", w.name, place, flag)
		o := program.Run(t, line)
		w.ended(t, o)
		reported(t, o, place, w.answer)
		if w.other {
			return
		}
		w.ended(t, program.Run(t, line+" off=1"))
	})
}

// A handler that calls Go, and exits. On a thread of C it may; on one of Go's its stack is not the
// one that Go has for C, and as soon as Go looks at that, it ends the process ("morestack on g0"),
// with Epitaph or without.
func TestHandlerCallsGo(t *testing.T) {
	for place, answer := range map[string]string{"cgo": "has called Go", "thread": "has called _exit"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			line := "host way=gocall flags=siginfo+onstack place=" + place
			for _, off := range []string{" off=1", ""} {
				o := program.Run(t, line+off)
				if place == "thread" || !o.IsExit(2) || !strings.Contains(o.Stderr, "fatal error: morestack on g0") {
					o.Exited(t, 77)
				}
				if off == "" {
					reported(t, o, place, answer)
				}
			}
		})
	}
}

// A handler that sends the process its signal once more, to die of it, and returns: the signal
// may go to another thread, and the fault repeats meanwhile.
func TestHandlerKillsAndReturns(t *testing.T) {
	rounds := 3
	if victim.Full {
		rounds = 50
	}
	for _, first := range []bool{false, true} {
		for _, place := range places {
			for _, divide := range []string{"", " divide=1"} {
				t.Run(fmt.Sprintf("hostfirst=%v/%s%s", first, place, divide), func(t *testing.T) {
					t.Parallel()
					line := fmt.Sprintf("host way=killreturn flags=siginfo+onstack place=%s hostfirst=%v%s", place, first, divide)
					victim.NeedDivision(t, line)
					for range rounds {
						o := program.Run(t, line)
						if divide != "" {
							o.DiedOf(t, syscall.SIGFPE)
						} else {
							o.DiedOf(t, syscall.SIGSEGV)
						}
						victim.Complete(t, o.Stderr)
					}
				})
			}
		}
	}
}

// A fault whose handler changes nothing, too late for the deadline, is reported and not
// asked about, or reported, for ever.
func TestLateAndInVain(t *testing.T) {
	for way, signal := range map[string]syscall.Signal{
		"late divide=1": syscall.SIGFPE, "lateblocked hostfirst=false divide=1": syscall.SIGFPE, "lateblocked hostfirst=false": syscall.SIGSEGV,
	} {
		for _, place := range places {
			t.Run(way+"/"+place, func(t *testing.T) {
				victim.NeedDivision(t, way)
				t.Parallel()
				o := program.Run(t, "host flags=siginfo+onstack deadline=300ms place="+place+" way="+way)
				o.DiedOf(t, signal)
				if all := victim.Reports(t, o.Stderr); len(all) == 0 || len(all) > 2 {
					t.Errorf("%d reports:\n%s", len(all), o.Stderr)
				}
			})
		}
	}
}

// After its handler has jumped out, a fault is another one.
func TestUnresolvedAfterAJump(t *testing.T) {
	for _, w := range dying {
		if !victim.Full && w.name != "abort" && w.name != "raise" && w.name != "printexit" {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, "host flags=siginfo+onstack way=jump times=3 then="+w.name)
			w.ended(t, o)
			reported(t, o, "cgo", w.answer)
		})
	}
}

// The deadline reports a handler that does not come back, from what was kept; and ends it.
func TestHandlersThatHang(t *testing.T) {
	for _, w := range []string{"hang", "sleep", "blocked", "spinblocked", "touchsleep"} {
		for _, place := range places {
			t.Run(w+"/"+place, func(t *testing.T) {
				t.Parallel()
				o := program.Run(t, "host flags=siginfo+onstack deadline=400ms way="+w+" place="+place)
				o.Exited(t, 128+int(syscall.SIGSEGV))
				answer := "has not returned in time"
				if strings.HasSuffix(w, "blocked") {
					answer += ", and cannot be interrupted"
				}
				reported(t, o, place, answer)
				if o.Elapsed > slack {
					t.Errorf("took %v with a deadline of 400 ms", o.Elapsed)
				}
			})
		}
	}
}

// A program that has jumped out of its handler is not reported at the deadline.
func TestDeadlineAfterAJump(t *testing.T) {
	for _, place := range places {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, "host flags=siginfo+onstack deadline=200ms sleep=900 way=jump place="+place)
			o.Exited(t, 3)
			victim.NoReport(t, o.Stderr)
		})
	}
}

// Go's own faults are Go's, whatever handler of a library's is behind Epitaph's.
func TestGosFaultsWithAHost(t *testing.T) {
	for _, raw := range []int{0, 1} {
		t.Run(fmt.Sprint("raw=", raw), func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, fmt.Sprintf("go flags=siginfo+onstack way=raise raw=%d", raw))
			o.Exited(t, 3)
			victim.NoReport(t, o.Stderr)
			if !strings.Contains(o.Stdout, "recovered: runtime error: invalid memory address or nil pointer dereference\n") {
				t.Errorf("standard output:\n%s", o.Stdout)
			}
			o = program.Run(t, fmt.Sprintf("go flags=siginfo+onstack way=dfl then=1 raw=%d", raw))
			o.DiedOf(t, syscall.SIGSEGV)
			victim.Complete(t, o.Stderr)
		})
	}
}

// A handler in front of Epitaph's stays there, whether the fault is reported or not, and when
// Epitaph is enabled again.
func TestHandlerInFrontStays(t *testing.T) {
	for first, reports := range map[bool]int{false: 2, true: 0} {
		t.Run(fmt.Sprint("hostfirst=", first), func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, fmt.Sprintf("front flags=siginfo+onstack way=context hostfirst=%v", first))
			o.Exited(t, 3)
			if all := victim.Reports(t, o.Stderr); len(all) != reports {
				t.Errorf("%d reports, want %d", len(all), reports)
			}
			const want = "in front after the fault: 1\nin front after Enable: 1\nhost: 2 calls\n"
			if !strings.Contains(o.Stdout, want) {
				t.Errorf("standard output:\n%s", o.Stdout)
			}
		})
	}
}

// A handler whose ways to give up are not seen has its turn after the report, until it has
// resolved a fault.
func TestHandlerThatIsLearnt(t *testing.T) {
	for _, w := range []string{"context", "repair", "jump"} {
		t.Run(w, func(t *testing.T) {
			t.Parallel()
			o := unseen.Run(t, "host flags=siginfo+onstack times=3 sleep=1 way="+w)
			o.Exited(t, 3)
			victim.Complete(t, o.Stderr)
		})
	}
	t.Run("and gives up", func(t *testing.T) {
		t.Parallel()
		o := unseen.Run(t, "host flags=siginfo+onstack way=_exit")
		o.Exited(t, 77)
		if r := victim.Complete(t, o.Stderr); len(r.Notes) > 0 {
			t.Errorf("notes %q", r.Notes)
		}
	})
}

func TestOptionHostFirst(t *testing.T) {
	t.Run("false", func(t *testing.T) {
		t.Parallel()
		o := program.Run(t, "host flags=siginfo+onstack way=context times=2 hostfirst=false")
		o.Exited(t, 3)
		if all := victim.Reports(t, o.Stderr); len(all) != 2 {
			t.Errorf("%d reports of 2 faults", len(all))
		}
	})
	t.Run("true", func(t *testing.T) {
		t.Parallel()
		o := program.Run(t, "host flags=siginfo+onstack way=dfl hostfirst=true")
		o.DiedOf(t, syscall.SIGSEGV)
		reported(t, o, "cgo", "has changed nothing")
	})
}

// TestSignalFromOutside: a handler returns from a breakpoint, and meanwhile another process has
// sent the same signal: the program lives, as without Epitaph. It is not a handler that has
// sent the signal again, to die of it.
func TestSignalFromOutside(t *testing.T) {
	for _, place := range places {
		for _, setting := range []string{" hostfirst=false", " hostfirst=true", " off=1"} {
			for _, way := range []string{"outside", "afterwards"} {
				t.Run(way+"/"+place+setting, func(t *testing.T) {
					t.Parallel()
					o := program.Run(t, "host way="+way+" trap=1 flags=siginfo+onstack sleep=100 place="+place+setting)
					o.Exited(t, 3)
				})
			}
		}
	}
}

// A handler that hands the fault on to Go's, on a thread of Go's. Go's dump comes whole, however
// slowly it is read; then comes the report.
func TestHandlerHandsOnToGo(t *testing.T) {
	const size = 4096                    // of the pipe
	const pause = 300 * time.Millisecond // several looks of the helper thread
	for _, read := range []string{"at once", "slowly"} {
		t.Run(read, func(t *testing.T) {
			t.Parallel()
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			defer w.Close()
			if _, err := unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, size); err != nil {
				t.Fatal(err)
			}
			c := program.Start(t, "host way=handon goroutines=100 flags=siginfo+onstack", victim.Env("GOTRACEBACK=all"), victim.Stderr(w))
			w.Close()
			if read == "slowly" {
				for full, end := 0, time.Now().Add(program.Limit); full < size/2 && time.Now().Before(end); time.Sleep(time.Millisecond) {
					full, _ = unix.IoctlGetInt(int(r.Fd()), unix.TIOCINQ)
				}
				time.Sleep(pause)
			}
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			o := c.Wait()
			o.Stderr = string(text)
			o.Exited(t, 2)
			reported(t, o, "cgo", "has handed it on to Go")
			dump, _, _ := strings.Cut(o.Stderr, "\nFatal error: ")
			if n, all := strings.Count(dump, "\ngoroutine "), strings.Count(o.Stderr, "\ngoroutine "); n < 100 || n != all {
				t.Errorf("%d goroutines in Go's dump before the report, %d in all:\n%s", n, all, o.Stderr)
			}
		})
	}
}

// After the report the handler gives up, in each of its ways, or faults once more: the process
// ends as it wants, and there is no second report.
func TestHandlerGivesUpAfterTheReport(t *testing.T) {
	for _, w := range dying {
		for _, place := range places {
			t.Run(w.name+"/"+place, func(t *testing.T) {
				t.Parallel()
				o := program.Run(t, fmt.Sprintf("host hostfirst=false flags=siginfo+onstack way=%s place=%s", w.name, place))
				w.ended(t, o)
				r := victim.Complete(t, o.Stderr)
				if current := r.Current(); current == nil || len(current.Frames) == 0 || current.Frames[0].Name() != "write_null" {
					t.Errorf("the stack is not that of the fault:\n%s", o.Stderr)
				}
				if len(r.Notes) > 0 {
					t.Errorf("a handler that was not asked: %q", r.Notes)
				}
			})
		}
	}
}
