//go:build linux && (amd64 || arm64) && cgo

package taken

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// A library's handler has its turn after the report, whoever came first, and whatever the
// function that installs it.
func TestLibraryGoesSecond(t *testing.T) {
	ways := []struct{ do, says string }{
		{"sigaction:dies", "library: dies...."}, {"signal:plain", "library: plain..."},
		{"sysv_signal:plain", "library: plain..."}, {"sigset:plain", "library: plain..."},
	}
	for i, v := range variants {
		for j, way := range ways {
			for k, when := range []string{"", " before=1"} {
				if !victim.Full && (i > 1 && j > 0 || j+k > 1) {
					continue
				}
				t.Run(v.name+"/"+way.do+when, func(t *testing.T) {
					t.Parallel()
					o := v.run(t, "take kind=null hostfirst=false do="+way.do+when)
					o.DiedOf(t, syscall.SIGSEGV)
					if after := afterReport(t, o); strings.Count(after, way.says) != 1 {
						t.Errorf("the library's handler was not called once after the report: %v", o)
					}
				})
			}
		}
	}
}

func TestLibraryGoesSecondForAll(t *testing.T) {
	for kind, signal := range map[string]syscall.Signal{
		"abort": syscall.SIGABRT, "div": syscall.SIGFPE, "ud2": syscall.SIGILL,
	} {
		for _, place := range []string{"cgo", "thread"} {
			t.Run(kind+"/"+place, func(t *testing.T) {
				t.Parallel()
				o := variants[1].run(t, fmt.Sprintf("take kind=%s place=%s signal=%d do=sigaction:dies", kind, place, signal))
				o.DiedOf(t, signal)
				if after := afterReport(t, o); strings.Count(after, "library: dies....") != 1 {
					t.Errorf("the library's handler was not called once after the report: %v", o)
				}
			})
		}
	}
}

// What is raised does no harm if the handler returns, so it is asked first, whoever's it is; and
// when it dies of it, that is reported.
func TestLibraryGoesFirstForWhatIsRaised(t *testing.T) {
	for _, place := range []string{"cgo", "thread"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := variants[1].run(t, fmt.Sprintf("take kind=raise place=%s signal=%d do=sigaction:dies", place, syscall.SIGSEGV))
			o.DiedOf(t, syscall.SIGSEGV)
			r := victim.Complete(t, o.Stderr)
			if len(r.Notes) == 0 || !strings.HasPrefix(r.Notes[0], "the host's handler was asked first, and has raised a signal: ") {
				t.Errorf("notes %q", r.Notes)
			}
			if strings.Count(o.Stderr, "library: dies....") != 1 {
				t.Errorf("the library's handler was not called once: %v", o)
			}
		})
	}
}

// A handler that goes on behind what trapped is asked first, whoever's it is: a healthy program
// has no report.
func TestLibraryEmulates(t *testing.T) {
	for _, v := range variants {
		for _, signal := range []syscall.Signal{syscall.SIGSYS, syscall.SIGTRAP} {
			t.Run(v.name+"/"+signal.String(), func(t *testing.T) {
				t.Parallel()
				o := v.run(t, fmt.Sprintf("trap signal=%d do=sigaction:emulates", signal))
				o.Exited(t, 3) // it went on
				victim.NoReport(t, o.Stderr)
				if o.Stdout != "sum 7700\n" {
					t.Errorf("not what the handler gives: %v", o)
				}
			})
		}
	}
}

// A fault in Go is Go's, whatever the library has installed.
func TestGoRecovers(t *testing.T) {
	do := "sigaction:dies,signal:plain,sigaction:nostack,signal:default,signal:ignored"
	for _, v := range variants {
		for _, line := range []string{"go do=" + do, "go before=1 do=sigaction:dies"} {
			t.Run(v.name+"/"+line, func(t *testing.T) {
				t.Parallel()
				o := v.run(t, line)
				o.Exited(t, 3)
				victim.NoReport(t, o.Stderr)
				want := 1 + strings.Count(line, ",")
				if n := strings.Count(o.Stdout, "nil pointer dereference"); n != want {
					t.Errorf("recovered %d times, want %d: %v", n, want, o)
				}
			})
		}
	}
}

// What the program sees of the actions is what it would see without Epitaph.
func TestLibrarySeesItsActions(t *testing.T) {
	line := "show signals=11,6,5,12 do=" + strings.Join([]string{
		"sigaction:dies,sigaction:saved,sigaction:forwards,sigaction:saved",
		"signal:plain,signal:saved,sysv_signal:plain,sigset:plain,sigset:default,sigaction:saved",
		"sigaction:ignored,signal:plain,sigaction:saved,sigignore:x,sigaction:nostack,sigaction:saved",
		"signal:default,signal:plain,sigaction:saved,signal:plain,sigaction:default,sigaction:saved",
	}, ",")
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			o, plain := v.run(t, line), v.run(t, line+" off=1")
			o.Exited(t, 3)
			if o.Stdout != plain.Stdout || strings.Contains(o.Stdout, "unknown") {
				t.Errorf("not as without Epitaph.\nWith it: %v\nWithout: %v", o, plain)
			}
		})
	}
}

// The kernel resets the handler of an action with SA_RESETHAND, and nothing else of it.
func TestLibrarySeesWhatIsSpent(t *testing.T) {
	likePlain(t, "show signals=5,31 do=sigaction:once,raise:x,sigaction:restarts,raise:x,sigaction:saved,sysv_signal:default", 16)
}

// A child of fork sees what its parent saw, and what it puts back is what was there: the core and what comes behind it.
func TestLibrarySeesItsActionsInAChild(t *testing.T) {
	likePlain(t, "forked", 8)
	for _, v := range variants[:2] {
		t.Run(v.name+"/crash", func(t *testing.T) {
			t.Parallel()
			o := v.run(t, "forked then=null")
			o.Exited(t, 3)
			if n := strings.Count(o.Stderr, "End of report ("); n != 1 {
				t.Errorf("%d reports of a child: %v", n, o)
			}
		})
	}
}

// A handler without SA_RESTART ends a system call; one with it does not.
func TestLibraryInterrupts(t *testing.T) {
	do := "do=sigaction:counts,sigaction:restarts,sigaction:counts,sigaction:saved,sigaction:counts"
	likePlain(t, "interrupted "+do, 5)
	likePlain(t, "interrupted before=1 "+do, 5)
}

// likePlain runs a line that prints some lines, with Epitaph and without it.
func likePlain(t *testing.T, line string, lines int) {
	t.Helper()
	for _, v := range variants[:2] {
		t.Run(v.name+"/"+line, func(t *testing.T) {
			t.Parallel()
			o, plain := v.run(t, line), v.run(t, line+" off=1")
			o.Exited(t, 3)
			victim.NoReport(t, o.Stderr)
			if o.Stdout != plain.Stdout || strings.Count(o.Stdout, "\n") != lines {
				t.Errorf("not as without Epitaph.\nWith it: %v\nWithout: %v", o, plain)
			}
		})
	}
}

// What a library puts back, and what it sets to the default, does not silence Epitaph.
func TestLibraryPutsBack(t *testing.T) {
	for i, v := range variants {
		for _, do := range []string{"sigaction:dies,sigaction:saved", "signal:default", "signal:ignored",
			"signal:default,signal:saved", "sigaction:nostack,sigaction:saved"} {
			if !victim.Full && i != 1 {
				continue
			}
			t.Run(v.name+"/"+do, func(t *testing.T) {
				t.Parallel()
				o := v.run(t, "take kind=null do="+do)
				o.DiedOf(t, syscall.SIGSEGV)
				if after := afterReport(t, o); strings.Contains(after, "library:") {
					t.Errorf("a handler that was put back: %v", o)
				}
			})
		}
	}
}

// A library that sets all signals to the default when it begins has not silenced abort, nor what is sent. The process
// dies of it as it would without Epitaph; also where Go has a channel for it.
func TestAbortBehindTheDefault(t *testing.T) {
	for i, v := range variants {
		for _, line := range []string{"kind=abort do=signal:default,signal:saved", "kind=abort do=signal:default", "kind=abort place=thread do=sigaction:default",
			"kind=abort do=sysv_signal:default", "kind=abort do=sigset:default", "kind=kill do=signal:default", "kind=kill do=signal:default notify=1"} {
			if !victim.Full && i > 1 && strings.Contains(line, "_") {
				continue
			}
			t.Run(v.name+"/"+line, func(t *testing.T) {
				t.Parallel()
				line := "take signal=6 " + line
				o := v.run(t, line)
				o.DiedOf(t, syscall.SIGABRT)
				victim.Complete(t, o.Stderr)
				if strings.Contains(line, "saved") { // that is Go's
					return
				}
				if plain := v.run(t, line+" off=1"); !plain.IsDeath(syscall.SIGABRT) {
					t.Errorf("not as without Epitaph: %v", plain)
				}
			})
		}
	}
}

// In a child the default is the kernel's: a program that it executes begins with that.
func TestDefaultInAChild(t *testing.T) { likePlain(t, "child", 6) }

// The handler is the library's own when the core is off, and second again when it is on.
func TestLibraryAfterDisable(t *testing.T) {
	for _, v := range variants[:2] {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			o := v.run(t, "take kind=null hostfirst=false do=sigaction:dies disable=1")
			o.DiedOf(t, syscall.SIGSEGV)
			victim.NoReport(t, o.Stderr)
			if strings.Count(o.Stderr, "library: dies....") != 1 {
				t.Errorf("the library's handler was not called: %v", o)
			}
			o = v.run(t, "take kind=null hostfirst=false do=sigaction:dies disable=again")
			o.DiedOf(t, syscall.SIGSEGV)
			if after := afterReport(t, o); strings.Count(after, "library: dies....") != 1 {
				t.Errorf("the library's handler was not called after the report: %v", o)
			}
		})
	}
}
