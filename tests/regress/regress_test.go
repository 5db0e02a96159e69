//go:build linux && amd64 && cgo

package regress

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

func itoa(n int) string { return strconv.Itoa(n) }

// A sanitizer unmaps what is registered as a thread's alternate stack when the
// thread ends.
func TestThreadsUnderASanitizer(t *testing.T) {
	t.Parallel()
	quiet := victim.Env("ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigfpe=0:handle_sigill=0")
	o := sanitized.Run(t, "threads threads=200", quiet)
	o.Exited(t, wentOn)
	likePlain(t, o, sanitized.Run(t, "threads threads=200 off=1", quiet))
	o = sanitized.Run(t, "null", quiet)
	o.DiedOf(t, syscall.SIGSEGV)
	first(t, victim.Complete(t, o.Stderr), "state_null")
}

// A virtual machine that is loaded after Enable needs its handler for its own
// faults: a dump leaves it in place, and has none of its own meanwhile.
func TestDumpLeavesALateHandler(t *testing.T) {
	for _, line := range []string{"late_host", "late_host quiet=1"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			dumpLeavesALateHandler(t, line)
		})
	}
}

func dumpLeavesALateHandler(t *testing.T, line string) {
	t.Helper()
	o := program.Run(t, line)
	o.Exited(t, wentOn)
	says(t, o, "late handler: 1", "late handler: 2", "late handler: 3")
	likePlain(t, &victim.Outcome{Status: o.Status, Stdout: o.Stdout}, program.Run(t, "late_host off=1"))
	dumps := 0
	for scanner := report.NewScanner(strings.NewReader(o.Stderr)); scanner.Scan(); dumps++ {
		if r := scanner.Report(); !r.Complete() || r.Answers == nil || r.Answers.Answered < 2 {
			t.Errorf("dump %d: %s", dumps, r)
		}
	}
	if dumps < 3 {
		t.Errorf("%d dumps: %s", dumps, o)
	}
}

// A dump that is stuck for a while does not hold up the other calls.
func TestStuckDump(t *testing.T) {
	t.Parallel()
	o := program.Run(t, "stuck_dump seconds=8")
	o.Exited(t, wentOn)
	says(t, o, "enabled true, in time true", "the dump failed: true")
}

// A handler that was there before Go's gets the faults in C from Go.
func TestHandlerFromBeforeGo(t *testing.T) {
	for _, early := range []string{"repair", "jump"} {
		t.Run(early, func(t *testing.T) {
			t.Parallel()
			env := victim.Env("VICTIM_EARLY=" + early)
			o := program.Run(t, "early", env)
			o.Exited(t, wentOn)
			says(t, o, "early handler: 1", "early handler: 2", "early handler: 3",
				"a nil pointer: runtime error: invalid memory address or nil pointer dereference")
			likePlain(t, o, program.Run(t, "early off=1", env))
		})
	}
}

// A registered signal does not walk the stack where a handler that came late would take
// a failed load for a fault of the program's.
func TestRegisteredSignalLeavesALateHandler(t *testing.T) {
	t.Parallel()
	o := program.Run(t, "late_host_signal")
	o.Exited(t, wentOn)
	says(t, o, "late handler: 1", "late handler: 2", "late handler: 3")
	dumps := 0
	for scanner := report.NewScanner(strings.NewReader(o.Stderr)); scanner.Scan(); dumps++ {
		r := scanner.Report()
		current := r.Current()
		if !r.Complete() || current == nil || len(current.Frames) != 2 || !strings.Contains(current.Frames[1].Reason, "something else handles SIGSEGV") {
			t.Errorf("dump %d: %s", dumps, r)
		}
	}
	if dumps < 2 { // the third may be counted only
		t.Errorf("%d dumps: %s", dumps, o)
	}
}

// A dump needs no handlers but those of loads, and brings back none that the program
// has taken away, nor does Enable forget that it was.
func TestActionThatTheProgramHasSet(t *testing.T) {
	for line, plain := range map[string]string{
		"action ignore=1 first=enable then=dump": "action ignore=1",
		"action ignore=1 first=dump then=dump":   "action ignore=1",
		"action ignore=1 first=dump then=enable": "action ignore=1",
		"action ignore=0 first=dump then=dump":   "action ignore=0",
		"action ignore=0 first=dump then=enable": "action ignore=0",
	} {
		for _, signal := range []syscall.Signal{syscall.SIGSEGV, syscall.SIGTRAP, syscall.SIGABRT} {
			t.Run(line+" "+signal.String(), func(t *testing.T) {
				t.Parallel()
				number := " signal=" + itoa(int(signal))
				o := program.Run(t, line+number)
				likePlain(t, o, program.Run(t, plain+number))
				if reported := strings.Contains(o.Stderr, "Fatal Go error: "); reported != (strings.HasPrefix(plain, "action ignore=0") && strings.HasSuffix(line, "then=enable")) {
					t.Errorf("reported: %v: %v", reported, o)
				}
			})
		}
	}
}

// One handler in front of ours, which it calls, and ours taken out and put in
// again: the two must not call each other.
func TestHandlersInACircle(t *testing.T) {
	t.Parallel()
	o := program.Run(t, "circle")
	o.Exited(t, wentOn)
	likePlain(t, o, program.Run(t, "circle off=1"))
	o = program.Run(t, "circle then=crash")
	likePlain(t, o, program.Run(t, "circle then=crash off=1"))
	victim.Complete(t, o.Stderr)
}

func TestNotifiedSignalFromOneself(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL,
		syscall.SIGABRT, syscall.SIGTRAP, syscall.SIGSYS} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			line := fmt.Sprintf("kill_self signal=%d", signal)
			o := program.Run(t, line)
			says(t, o, "got "+signal.String())
			victim.NoReport(t, o.Stderr)
			likePlain(t, o, program.Run(t, line+" off=1"))
		})
	}
}

// What Go's runtime wants while the core has the signal comes true when that gives it
// back: with a restorer, without which the kernel kills instead.
func TestNotifyAgain(t *testing.T) {
	for _, line := range []string{
		fmt.Sprintf("notify_again signal=%d", syscall.SIGABRT),
		fmt.Sprintf("notify_again register=1 signal=%d", syscall.SIGUSR1),
		fmt.Sprintf("notify_again register=1 signal=%d", syscall.SIGTSTP),
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, line)
			o.Exited(t, wentOn)
			likePlain(t, o, program.Run(t, line+" off=1"))
		})
	}
}

// What Go has found there when it took a signal over is where it sends the signal on that
// it does not handle any more: it must not be the core's handler, which calls Go's.
func TestStopAfterUnregister(t *testing.T) {
	t.Parallel()
	line, nohup := fmt.Sprintf("stop_late signal=%d", syscall.SIGHUP), victim.Under("nohup")
	o := program.Run(t, line, nohup)
	o.Exited(t, wentOn)
	likePlain(t, o, program.Run(t, line+" off=1", nohup))

	line = fmt.Sprintf("stop_late ignore=1 signal=%d", syscall.SIGTERM)
	o = program.Run(t, line)
	o.DiedOf(t, syscall.SIGTERM)
	likePlain(t, o, program.Run(t, line+" off=1"))
}

// A C library that has a signal ignored for a while puts back what was there.
func TestIgnoredForAWhile(t *testing.T) {
	for _, number := range []syscall.Signal{syscall.SIGABRT, syscall.SIGINT} {
		line := fmt.Sprintf("signal=%d", number)
		if number != syscall.SIGABRT {
			line += " register=1"
		}
		t.Run(number.String(), func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, "ignored_a_while "+line)
			says(t, o, "got "+number.String())
			likePlain(t, o, program.Run(t, "ignored_a_while "+line+" off=1"))
			likePlain(t, program.Run(t, "ignored_always "+line), program.Run(t, "ignored_always "+line+" off=1"))
		})
	}
}

// A handler may be calling what was there before while that changes. Not in parallel: it
// keeps two processors busy.
func TestIgnoredAgainAndAgain(t *testing.T) {
	o := program.Run(t, "ignored_again_and_again")
	o.Exited(t, wentOn)
	likePlain(t, o, program.Run(t, "ignored_again_and_again off=1"))
}

// A C library sets the default action with the flags that its handlers have.
func TestDefaultActionOfALibrary(t *testing.T) {
	for _, number := range []syscall.Signal{syscall.SIGABRT, syscall.SIGUSR1} {
		t.Run(number.String(), func(t *testing.T) {
			t.Parallel()
			line := fmt.Sprintf("default_action signal=%d", number)
			if number == syscall.SIGUSR1 {
				line += " register=1 keep=1"
			}
			o := program.Run(t, line)
			o.DiedOf(t, number)
			likePlain(t, o, program.Run(t, line+" off=1"))
		})
	}
}

// Go takes over SIGABRT, which the core has, and raises it to die of it.
func TestPanicNotified(t *testing.T) {
	for _, level := range []string{"single", "crash"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			env := victim.Env("GOTRACEBACK=" + level)
			likePlain(t, program.Run(t, "notify_panic", env), program.Run(t, "notify_panic off=1", env))
		})
	}
}

func TestStatesOfTheThread(t *testing.T) {
	for state, function := range map[string]string{
		"no_fs": "state_no_fs", "pending_abort": "state_pending_abort", "remap": "state_remap",
	} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, state)
			o.DiedOf(t, syscall.SIGSEGV)
			r := victim.Complete(t, o.Stderr)
			first(t, r, function)
			if module := r.Module(r.Current().Frames[0].PC); module == nil || module.Path != program.Path(t) {
				t.Errorf("the fault is not in the module %s:\n%s", program.Path(t), r)
			}
		})
	}
}

// A C function that Go calls ends in a jump through NULL: the word at SP is a
// return address into Go, but the fault is not Go's.
func TestTailCallOfNull(t *testing.T) {
	t.Parallel()
	o := program.Run(t, "tail_null")
	o.DiedOf(t, syscall.SIGSEGV)
	r := victim.Complete(t, o.Stderr)
	if r.Signal.Number != int(syscall.SIGSEGV) || !strings.Contains(r.String(), "_Cfunc_state_tail_null") {
		t.Errorf("no stack down to Go code:\n%s", r)
	}
}

// Each of the calls may be missing; the report may not. Without clock_gettime
// there are no deadlines, and it is not among them.
func TestTrappedSystemCalls(t *testing.T) {
	for name, number := range map[string]int{
		"ppoll": unix.SYS_PPOLL, "openat": unix.SYS_OPENAT, "prctl": unix.SYS_PRCTL, "read": unix.SYS_READ,
		"close": unix.SYS_CLOSE, "fstat": unix.SYS_FSTAT, "sigaltstack": unix.SYS_SIGALTSTACK, "futex": unix.SYS_FUTEX,
		"rt_sigaction": unix.SYS_RT_SIGACTION, "rt_sigprocmask": unix.SYS_RT_SIGPROCMASK, "arch_prctl": unix.SYS_ARCH_PRCTL,
		"rt_tgsigqueueinfo": unix.SYS_RT_TGSIGQUEUEINFO,
		"getpid":            unix.SYS_GETPID, "gettid": unix.SYS_GETTID, "uname": unix.SYS_UNAME, "readlinkat": unix.SYS_READLINKAT,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, "trap deadline=2s call="+itoa(number))
			// Where the signal cannot be queued, a status that shells show for it.
			if !o.Status.Signaled() {
				o.Exited(t, 128+int(syscall.SIGSEGV))
			} else {
				o.DiedOf(t, syscall.SIGSEGV)
			}
			r := victim.Report(t, o.Stderr)
			first(t, r, "state_trap")
			if r.End == nil || !r.Intact() {
				t.Errorf("the report has no proper end:\n%s", r)
			}
			if o.Elapsed > 4*time.Second {
				t.Errorf("took %v with a deadline of 2 s", o.Elapsed)
			}
		})
	}
}

// A file with code in it that is mapped only to be read is no module.
func TestMappedFileIsNoModule(t *testing.T) {
	t.Parallel()
	file, err := exec.LookPath("cat")
	if err != nil {
		t.Fatal(err)
	}
	if file, err = filepath.EvalSymlinks(file); err != nil {
		t.Fatal(err)
	}
	o := program.Run(t, "map_file file="+file)
	o.DiedOf(t, syscall.SIGSEGV)
	for _, module := range victim.Complete(t, o.Stderr).Modules {
		if module.Path == file {
			t.Errorf("%s is a module:\n%s", file, o.Stderr)
		}
	}
}

// Standard error does not take anything, the directory does.
func TestDirWithStuckTerminal(t *testing.T) {
	t.Parallel()
	_, w := onePage(t)
	fill(t, int(w.Fd()))
	files := t.TempDir()
	o := program.Run(t, "null dir="+files, victim.Stderr(w))
	o.DiedOf(t, syscall.SIGSEGV)
	found, err := filepath.Glob(filepath.Join(files, "*.crash"))
	if err != nil || len(found) != 1 {
		t.Fatalf("files %v, %v: %v", found, err, o)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	victim.Complete(t, string(text))
	if o.Elapsed > 4*time.Second {
		t.Errorf("took %v", o.Elapsed)
	}
}

// All but one wait until the one has reported, and are named by it.
func TestThreadsCrashTogether(t *testing.T) {
	t.Parallel()
	r, w := onePage(t)
	c := program.Start(t, "crowd fd=3", victim.Inherit(w))
	parked := map[string]bool{}
	await(t, c, "seven parked threads", func() bool {
		for task := range polling(c, "0x0") {
			parked[task] = true
		}
		return len(parked) >= 7
	})
	text := drain(r, w)
	o := c.Wait()
	o.DiedOf(t, syscall.SIGSEGV)
	report := victim.Complete(t, text())
	seen := map[int]bool{report.Current().TID(): true}
	for _, also := range report.AlsoCrashed {
		if seen[also.TID] {
			t.Errorf("thread %d is there twice", also.TID)
		}
		seen[also.TID] = true
		if also.Number != int(syscall.SIGSEGV) || also.Address != 8 {
			t.Errorf("thread %d: %s (%d) at %#x", also.TID, also.Signal, also.Number, also.Address)
		}
	}
	if len(seen) != 8 {
		t.Errorf("%d threads are there, want 8:\n%s", len(seen), report)
	}
}

// To ask a thread for its stack ends pause and poll. When they return the
// program does, and must not do that in the middle of the report.
func TestMainThreadWaitsDuringACrash(t *testing.T) {
	for _, call := range []string{"pause", "poll"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			for range 3 {
				o := program.Run(t, "wait call="+call)
				o.DiedOf(t, syscall.SIGSEGV)
				first(t, victim.Complete(t, o.Stderr), "state_null")
				if !strings.Contains(o.Stderr, " in threads_wait") && !strings.Contains(o.Stderr, " at threads_wait+") {
					t.Errorf("the waiting thread's stack is missing:\n%s", o.Stderr)
				}
			}
		})
	}
}

// The child that another thread forks while one reports has the memory of a
// process that crashes, and none of its threads.
func TestForkDuringACrash(t *testing.T) {
	t.Parallel()
	r, w := onePage(t)
	c := program.Start(t, "fork_late fd=3", victim.Inherit(w), victim.Talk)
	awaitText(t, c, r)
	tell(t, c)
	hear(t, c, "forked")
	text := drain(r, w)
	status := hear(t, c, "child: status ")
	c.Wait().DiedOf(t, syscall.SIGSEGV)
	// A core dump is told by a bit of the status.
	if status != "0xb" && status != "0x8b" {
		t.Errorf("the child's status is %s; want death by SIGSEGV", status)
	}
	got := text()
	for what, want := range map[string]int{"Fatal Go error: Segmentation fault\n": 2, "End of report (complete, ": 2,
		"Note: in a forked child of process " + itoa(c.Cmd.Process.Pid) + " ": 1} {
		if n := strings.Count(got, what); n != want {
			t.Errorf("%q is there %d times, want %d, in:\n%s", what, n, want, got)
		}
	}
}

// A signal that reaches the owner when no stage runs must cost nothing.
func TestAbortDuringTheHeadline(t *testing.T) {
	t.Parallel()
	r, w := onePage(t)
	if _, err := w.WriteString("\n"); err != nil {
		t.Fatal(err)
	}
	c := program.Start(t, "abort_late fd=3", victim.Inherit(w), victim.Talk)
	await(t, c, "thread that waits to write", func() bool { return len(polling(c, "0x1")) > 0 })
	tell(t, c)
	hear(t, c, "sent")
	text := drain(r, w)
	o := c.Wait()
	o.DiedOf(t, syscall.SIGSEGV)
	victim.Complete(t, text())
}

func TestEnableInALoop(t *testing.T) {
	for range 3 {
		t.Run("enable", func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, "enable_loop")
			o.DiedOf(t, syscall.SIGSEGV)
			first(t, victim.Complete(t, o.Stderr), "state_null")
		})
		// The crash may come while it is disabled.
		t.Run("disable", func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, "enable_loop disable=1")
			if o.Status.Exited() && o.Status.ExitStatus() == 2 {
				victim.NoReport(t, o.Stderr)
				return
			}
			o.DiedOf(t, syscall.SIGSEGV)
			victim.Complete(t, o.Stderr)
		})
	}
}

// What the core has of a library goes with it, so that there is room for the next
// one; and the last one has names.
func TestLibraryIsReloaded(t *testing.T) {
	t.Parallel()
	o := program.Run(t, "reload traceback=off times=200 library="+plugin.Path(t))
	o.DiedOf(t, syscall.SIGSEGV)
	first(t, victim.Complete(t, o.Stderr), "plugin_inner")
	sizes := strings.Fields(o.Stdout)
	if len(sizes) != 199 {
		t.Fatalf("%d loads: %v", len(sizes), o)
	}
	for i, size := range sizes {
		if size != sizes[0] {
			t.Fatalf("the symbols take %s bytes at first, and %s after %d loads", sizes[0], size, i+2)
		}
	}
}

// A library that an upgrade has replaced on disk does not get the names of the new one.
func TestLibraryIsReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, by := filepath.Join(dir, "plugin.so"), filepath.Join(dir, "new.so")
	for to, from := range map[string]string{old: plugin.Path(t), by: other.Path(t)} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, text, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	o := program.Run(t, "replaced library="+old+" by="+by)
	o.DiedOf(t, syscall.SIGSEGV)
	r := victim.Complete(t, o.Stderr)
	frames := r.Current().Frames
	if frames[0].Module != old || frames[0].Func != "" || frames[1].Func != "plugin" {
		t.Errorf("want a frame without a name, below plugin:\n%s", r)
	}
}

// An indexer that is stopped at a large module does not go on beside those that come
// after it.
func TestOneIndexerAtATime(t *testing.T) {
	t.Parallel()
	o := program.Run(t, "busy times=20 library="+many.Path(t))
	o.Exited(t, wentOn)
	says(t, o, "1 at a time")
}
