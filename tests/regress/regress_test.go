//go:build linux && (amd64 || arm64) && cgo

package regress

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/internal/victim"
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

// A dump that is stuck for a while does not hold up the other calls.
func TestStuckDump(t *testing.T) {
	t.Parallel()
	o := program.Run(t, "stuck_dump seconds=8")
	o.Exited(t, wentOn)
	says(t, o, "enabled true, in time true", "the dump failed: true")
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

// trapped are system calls that the core makes.
var trapped = map[string]int{
	"ppoll": unix.SYS_PPOLL, "openat": unix.SYS_OPENAT, "prctl": unix.SYS_PRCTL, "read": unix.SYS_READ,
	"close": unix.SYS_CLOSE, "fstat": unix.SYS_FSTAT, "sigaltstack": unix.SYS_SIGALTSTACK, "futex": unix.SYS_FUTEX,
	"rt_sigaction": unix.SYS_RT_SIGACTION, "rt_sigprocmask": unix.SYS_RT_SIGPROCMASK,
	"rt_tgsigqueueinfo": unix.SYS_RT_TGSIGQUEUEINFO,
	"getpid":            unix.SYS_GETPID, "gettid": unix.SYS_GETTID, "uname": unix.SYS_UNAME, "readlinkat": unix.SYS_READLINKAT,
}

// Each of the calls may be missing; the report may not. Without clock_gettime
// there are no deadlines, and it is not among them.
func TestTrappedSystemCalls(t *testing.T) {
	for name, number := range trapped {
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

// Standard error does not take anything, the directory does.
func TestDirWithStuckTerminal(t *testing.T) {
	t.Parallel()
	_, w := victim.OnePage(t)
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
	r, w := victim.OnePage(t)
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
	r, w := victim.OnePage(t)
	c := program.Start(t, "fork_late fd=3", victim.Inherit(w), victim.Talk)
	victim.AwaitText(t, r, limit)
	tell(t, c)
	hear(t, c, "forked")
	text := drain(r, w)
	status := hear(t, c, "child: status ")
	c.Wait().DiedOf(t, syscall.SIGSEGV)
	// A core dump shows in a bit of the status.
	if status != "0xb" && status != "0x8b" {
		t.Errorf("the child's status is %s; want death by SIGSEGV", status)
	}
	got := text()
	for what, want := range map[string]int{"Fatal error: Segmentation fault\n": 2, "End of report (complete, ": 2,
		"Note: in a forked child of process " + itoa(c.Cmd.Process.Pid) + " ": 1} {
		if n := strings.Count(got, what); n != want {
			t.Errorf("%q is there %d times, want %d, in:\n%s", what, n, want, got)
		}
	}
}

// A signal that reaches the owner when no stage runs must cost nothing.
func TestAbortDuringTheHeadline(t *testing.T) {
	t.Parallel()
	r, w := victim.OnePage(t)
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
