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
)

func itoa(n int) string { return strconv.Itoa(n) }

// A sanitizer unmaps what is registered as a thread's alternate stack when the
// thread ends.
func TestThreadsUnderASanitizer(t *testing.T) {
	t.Parallel()
	path := sanitized.path(t)
	quiet := environment("ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigfpe=0:handle_sigill=0")
	o := run(t, path, "threads threads=200", quiet)
	o.exited(wentOn)
	o.likePlain(run(t, path, "threads threads=200 off=1", quiet))
	o = run(t, path, "null", quiet)
	o.diedOf(syscall.SIGSEGV)
	first(t, complete(t, o.stderr), "state_null")
}

// A handler that was there before Go's gets the faults in C from Go.
func TestHandlerFromBeforeGo(t *testing.T) {
	for _, early := range []string{"repair", "jump"} {
		t.Run(early, func(t *testing.T) {
			t.Parallel()
			env := environment("VICTIM_EARLY=" + early)
			o := run(t, victim.path(t), "early", env)
			o.exited(wentOn)
			o.says("early handler: 1", "early handler: 2", "early handler: 3",
				"a nil pointer: runtime error: invalid memory address or nil pointer dereference")
			o.likePlain(run(t, victim.path(t), "early off=1", env))
		})
	}
}

// One handler in front of ours, which it calls, and ours taken out and put in
// again: the two must not call each other.
func TestHandlersInACircle(t *testing.T) {
	t.Parallel()
	o := run(t, victim.path(t), "circle")
	o.exited(wentOn)
	o.likePlain(run(t, victim.path(t), "circle off=1"))
	o = run(t, victim.path(t), "circle then=crash")
	o.diedOf(syscall.SIGSEGV)
	complete(t, o.stderr)
}

func TestNotifiedSignalFromOneself(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL,
		syscall.SIGABRT, syscall.SIGTRAP, syscall.SIGSYS} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			line := fmt.Sprintf("kill_self signal=%d", signal)
			o := run(t, victim.path(t), line)
			o.says("got " + signal.String())
			noCrash(t, o.stderr)
			o.likePlain(run(t, victim.path(t), line+" off=1"))
		})
	}
}

func TestStatesOfTheThread(t *testing.T) {
	for state, function := range map[string]string{
		"no_fs": "state_no_fs", "pending_abort": "state_pending_abort", "remap": "state_remap",
	} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			o := run(t, victim.path(t), state)
			o.diedOf(syscall.SIGSEGV)
			r := complete(t, o.stderr)
			first(t, r, function)
			if module := r.Module(r.Current().Frames[0].PC); module == nil || module.Path != victim.path(t) {
				t.Errorf("the fault is not in the module %s:\n%s", victim.path(t), r)
			}
		})
	}
}

// A C function that Go calls ends in a jump through NULL: the word at SP is a
// return address into Go, but the fault is not Go's.
func TestTailCallOfNull(t *testing.T) {
	t.Parallel()
	o := run(t, victim.path(t), "tail_null")
	o.diedOf(syscall.SIGSEGV)
	r := complete(t, o.stderr)
	if r.Signal.Number != int(syscall.SIGSEGV) || !strings.Contains(r.String(), "main.init.0.func") {
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
			o := run(t, victim.path(t), "trap deadline=2s call="+itoa(number))
			// Where the signal cannot be queued, a status that shells show for it.
			if !o.status.Signaled() {
				o.exited(128 + int(syscall.SIGSEGV))
			} else {
				o.diedOf(syscall.SIGSEGV)
			}
			r := onlyCrash(t, o.stderr)
			first(t, r, "state_trap")
			if r.End == nil || !r.Intact() {
				t.Errorf("the report has no proper end:\n%s", r)
			}
			if o.elapsed > 4*time.Second {
				t.Errorf("took %v with a deadline of 2 s", o.elapsed)
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
	o := run(t, victim.path(t), "map_file file="+file)
	o.diedOf(syscall.SIGSEGV)
	for _, module := range complete(t, o.stderr).Modules {
		if module.Path == file {
			t.Errorf("%s is a module:\n%s", file, o.stderr)
		}
	}
}

// Standard error does not take anything, the directory does.
func TestDirWithStuckTerminal(t *testing.T) {
	t.Parallel()
	_, w := onePage(t)
	fill(t, int(w.Fd()))
	files := t.TempDir()
	o := run(t, victim.path(t), "null dir="+files, func(c *exec.Cmd) { c.Stderr = w })
	o.diedOf(syscall.SIGSEGV)
	found, err := filepath.Glob(filepath.Join(files, "*.crash"))
	if err != nil || len(found) != 1 {
		t.Fatalf("files %v, %v: %v", found, err, o)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	complete(t, string(text))
	if o.elapsed > 4*time.Second {
		t.Errorf("took %v", o.elapsed)
	}
}

// All but one wait until the one has reported, and are named by it.
func TestThreadsCrashTogether(t *testing.T) {
	t.Parallel()
	r, w := onePage(t)
	c := start(t, victim.path(t), "crowd fd=3", inherit(w))
	parked := map[string]bool{}
	c.await("seven parked threads", func() bool {
		for task := range c.polling("0x0") {
			parked[task] = true
		}
		return len(parked) >= 7
	})
	text := drain(r, w)
	o := c.wait()
	o.diedOf(syscall.SIGSEGV)
	report := complete(t, text())
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
				o := run(t, victim.path(t), "wait call="+call)
				o.diedOf(syscall.SIGSEGV)
				first(t, complete(t, o.stderr), "state_null")
				if !strings.Contains(o.stderr, " in threads_wait") && !strings.Contains(o.stderr, " at threads_wait+") {
					t.Errorf("the waiting thread's stack is missing:\n%s", o.stderr)
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
	talking, stdout := talk(t)
	c := start(t, victim.path(t), "fork_late fd=3", inherit(w), talking)
	c.awaitText(r)
	c.tell()
	hear(t, stdout, "forked")
	text := drain(r, w)
	status := hear(t, stdout, "child: status ")
	c.wait().diedOf(syscall.SIGSEGV)
	// A core dump is told by a bit of the status.
	if status != "0xb" && status != "0x8b" {
		t.Errorf("the child's status is %s; want death by SIGSEGV", status)
	}
	got := text()
	for what, want := range map[string]int{"Fatal Go error: Segmentation fault\n": 2, "End of report (complete, ": 2,
		"Note: in a forked child of process " + itoa(c.cmd.Process.Pid) + " ": 1} {
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
	talking, stdout := talk(t)
	c := start(t, victim.path(t), "abort_late fd=3", inherit(w), talking)
	c.await("thread that waits to write", func() bool { return len(c.polling("0x1")) > 0 })
	c.tell()
	hear(t, stdout, "sent")
	text := drain(r, w)
	o := c.wait()
	o.diedOf(syscall.SIGSEGV)
	complete(t, text())
}

func TestEnableInALoop(t *testing.T) {
	for range 3 {
		t.Run("enable", func(t *testing.T) {
			t.Parallel()
			o := run(t, victim.path(t), "enable_loop")
			o.diedOf(syscall.SIGSEGV)
			first(t, complete(t, o.stderr), "state_null")
		})
		// The crash may come while it is disabled.
		t.Run("disable", func(t *testing.T) {
			t.Parallel()
			o := run(t, victim.path(t), "enable_loop disable=1")
			if o.status.Exited() && o.status.ExitStatus() == 2 {
				noCrash(t, o.stderr)
				return
			}
			o.diedOf(syscall.SIGSEGV)
			complete(t, o.stderr)
		})
	}
}
