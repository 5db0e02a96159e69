//go:build linux && (amd64 || arm64) && cgo

package regress

import (
	"debug/elf"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// What a program has for itself (package handler/interpose) would catch the calls of the
// host in a library.
func TestLibraryDefinesNothingOfLibcs(t *testing.T) {
	file, err := elf.Open(library.Path(t))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	defined, libcs := 0, []string{"pthread_create", "pthread_sigmask", "sigprocmask", "sigwait", "sigwaitinfo",
		"sigtimedwait", "signalfd", "write", "writev", "sigaction", "signal", "sysv_signal", "__sysv_signal", "sigset", "sigignore"}
	for _, symbol := range symbols {
		if symbol.Section == elf.SHN_UNDEF {
			continue
		}
		defined++
		if slices.Contains(libcs, symbol.Name) {
			t.Errorf("the library defines %s", symbol.Name)
		}
	}
	if defined == 0 {
		t.Error("the library defines nothing")
	}
}

func TestLibraryFaultInGoText(t *testing.T) {
	for _, name := range []string{"breakpoint", "undefined", "nil"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := library.Path(t) + " " + name
			likePlain(t, host.Run(t, line), host.Run(t, line+" off"))
		})
	}
}

// Go has taken the signals before the core's constructor could see who had them: Go's
// handler is not one that Go passes faults on to.  Without Epitaph Go dies of SIGQUIT, which
// it sends to itself to have the other threads' stacks.
func TestLibraryCallsC(t *testing.T) {
	t.Parallel()
	for range victim.Rounds(100) {
		o := host.Run(t, library.Path(t)+" call_c")
		o.DiedOf(t, syscall.SIGSEGV)
		r := victim.Complete(t, o.Stderr)
		first(t, r, "fault")
		if f := r.Current().Frames[0]; f.Kind != report.SourceFrame || f.Line == 0 || f.Module != library.Path(t) {
			t.Errorf("no line in the library: %+v", f)
		}
		if strings.Contains(o.Stderr, "\ngoroutine 17 ") {
			t.Errorf("Go's dump, which was not asked for: %v", o)
		}
	}
}

// A host that had a handler before Go has faults in C passed on to it by Go.
func TestLibraryCallsCInAHostWithAHandler(t *testing.T) {
	t.Parallel()
	for range victim.Rounds(100) {
		line := library.Path(t) + " call_c"
		handled := victim.Env("HANDLER=1")
		o := host.Run(t, line, handled)
		likePlain(t, o, host.Run(t, line+" off", handled))
		says(t, o, "the host's handler")
		first(t, victim.Complete(t, o.Stderr), "fault")
	}
}

// A handler that the host installs after Enable: a library does not see its call of sigaction, so a
// fault that comes before the helper thread looks is the host's alone. Then the loss is reported,
// or put right.
func TestLibraryInAHostWithALaterHandler(t *testing.T) {
	for _, takeover := range []string{"", "1"} {
		t.Run("takeover="+takeover, func(t *testing.T) {
			t.Parallel()
			for range victim.Rounds(20) {
				line := library.Path(t) + " call_c_taken"
				env := victim.Env("HANDLER=after", "TAKEOVER="+takeover)
				o := host.Run(t, line, env)
				likePlain(t, o, host.Run(t, line+" off", env))
				says(t, o, "the host's handler")
				if n := strings.Count(o.Stderr, "epitaph: SIGSEGV: taken from Epitaph by "+host.Path(t)+" (handler 0x"); n != 1 {
					t.Errorf("the loss is reported %d times: %v", n, o)
				}
				if takeover == "" {
					victim.NoReport(t, o.Stderr)
				} else {
					first(t, victim.Complete(t, o.Stderr), "fault")
				}
			}
		})
	}
}

// A signal that Go's runtime did not handle when Epitaph was enabled, and
// handles since signal.Notify.
func TestLibraryNotified(t *testing.T) {
	t.Parallel()
	notified := func(args string) *victim.Outcome {
		c := host.Start(t, library.Path(t)+" notify"+args, victim.Talk)
		hear(t, c, "ready")
		c.Cmd.Process.Signal(syscall.SIGABRT)
		hear(t, c, "got aborted")
		return c.Wait()
	}
	o := notified("")
	victim.NoReport(t, o.Stderr)
	likePlain(t, o, notified(" off"))
}

// A library that asks for all signals does not get the core's own, and does not take
// them away when it asks for them no more.
func TestLibraryNotifiedOfAll(t *testing.T) {
	for _, name := range []string{"notify_all", "notify_ignored", "notify_stop", "reset_all"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := library.Path(t) + " " + name
			likePlain(t, host.Run(t, line), host.Run(t, line+" off"))
		})
	}
}

// Go raises SIGABRT, which it has taken over from the core, to die of it: it sends it on
// to what it has found there.
func TestLibraryPanicsNotified(t *testing.T) {
	for _, name := range []string{"notify_panic", "notify_panic_late"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line, level := library.Path(t)+" "+name, victim.Env("GOTRACEBACK=crash")
			o := host.Run(t, line, level)
			o.DiedOf(t, syscall.SIGABRT)
			likePlain(t, o, host.Run(t, line+" off", level))
			likePlain(t, host.Run(t, line), host.Run(t, line+" off"))
		})
	}
}

// Go's runtime puts the default action back, which it found before the core was there.
func TestLibraryPutsTheDefaultBack(t *testing.T) {
	t.Run("stop_abort", func(t *testing.T) {
		t.Parallel()
		o := host.Run(t, library.Path(t)+" stop_abort")
		o.DiedOf(t, syscall.SIGABRT)
		victim.Complete(t, o.Stderr)
	})
	t.Run("stop_panic", func(t *testing.T) { // Go sets the default action to die
		t.Parallel()
		o := host.Run(t, library.Path(t)+" stop_panic")
		o.DiedOf(t, syscall.SIGABRT)
		if !strings.Contains(o.Stderr, "panic: in the library") {
			t.Errorf("no panic: %v", o)
		}
	})
	t.Run("stop_registered", func(t *testing.T) {
		t.Parallel()
		o := host.Run(t, library.Path(t)+" stop_registered")
		says(t, o, "went on")
		if r := report.NewScanner(strings.NewReader(o.Stderr)); !r.Scan() || !r.Report().Complete() {
			t.Errorf("no dump: %v", o)
		}
	})
}

// Go gives back what was the core's own, when the core is off or has another.
func TestLibraryStopsAfterDisable(t *testing.T) {
	for _, name := range []string{"stop_off", "stop_changed"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := library.Path(t) + " " + name
			o := host.Run(t, line)
			o.DiedOf(t, syscall.Signal(62))
			likePlain(t, o, host.Run(t, line+" off"))
		})
	}
}

// A C library that puts the core's handler back is not Go's runtime, which gives it back.
func TestLibraryPutsBack(t *testing.T) {
	for name, got := range map[string]string{"put_back": "got aborted", "put_back_late": "got user defined signal 1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := library.Path(t) + " " + name
			o := host.Run(t, line)
			says(t, o, got, "went on")
			likePlain(t, o, host.Run(t, line+" off"))
		})
	}
}

// Go gives a signal back after it was registered, or where a C library's handler has been
// in front of the core's since.
func TestLibraryStopsRegistered(t *testing.T) {
	for _, name := range []string{"stop_late", "stop_behind"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := library.Path(t) + " " + name
			o := host.Run(t, line)
			o.DiedOf(t, syscall.SIGUSR1)
			likePlain(t, o, host.Run(t, line+" off"))
		})
	}
}

// What Go has given back is not what the core's handler calls if a library has kept that.
func TestLibraryStopsWhatCHasTaken(t *testing.T) {
	for name, number := range map[string]syscall.Signal{
		"stop_taken_abort": syscall.SIGABRT, "stop_taken_registered": syscall.SIGUSR1,
		"stop_ignored_abort": syscall.SIGABRT, "stop_ignored_registered": syscall.SIGUSR1,
		"stop_between": syscall.SIGUSR1, "reset_ignored": syscall.SIGUSR1, "panic_taken": syscall.SIGABRT,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := library.Path(t) + " " + name
			o := host.Run(t, line)
			o.DiedOf(t, number)
			likePlain(t, o, host.Run(t, line+" off"))
		})
	}
}

// The core's handler keeps its own mask, by which its faults come to the core.
func TestLibraryResetsWhatItIgnores(t *testing.T) {
	t.Parallel()
	says(t, host.Run(t, library.Path(t)+" reset_all_ignored"), "blocks faults: 0", "went on")
}

// Go gives SIGABRT back, which abort() then dies of.
func TestLibraryAbortsAfterStop(t *testing.T) {
	for _, name := range []string{"abort_late", "abort_quiet"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := library.Path(t) + " " + name
			o := host.Run(t, line)
			o.DiedOf(t, syscall.SIGABRT)
			likePlain(t, o, host.Run(t, line+" off"))
		})
	}
}
