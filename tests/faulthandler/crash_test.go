//go:build linux && (amd64 || arm64) && cgo

package faulthandler

import (
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// died runs a scenario that dies of a signal, and returns its report.
func died(t *testing.T, signal syscall.Signal, line string) *report.Report {
	t.Helper()
	o := program.Run(t, line)
	o.DiedOf(t, signal)
	return victim.Complete(t, o.Stderr)
}

func headline(t *testing.T, r *report.Report, want string) {
	t.Helper()
	if r.Headline != want || r.Current() == nil || r.Current().Kind != report.CurrentThread {
		t.Errorf("headline %q, want %q:\n%s", r.Headline, want, r)
	}
}

func TestFaulthandler_read_null(t *testing.T) {
	r := died(t, syscall.SIGSEGV, "crash kind=read_null")
	headline(t, r, "Segmentation fault")
	calls(t, r.Current(), "crash_read_null", "main.crashAs", "main.funcB", "main.funcA", "main.crash", "main.main")
}

func TestFaulthandler_sigsegv(t *testing.T) {
	headline(t, died(t, syscall.SIGSEGV, "crash kind=raise signal=11"), "Segmentation fault")
}

// A crash in a finalizer, which Go runs on a goroutine of its own.
func TestFaulthandler_gc(t *testing.T) {
	r := died(t, syscall.SIGSEGV, "crash kind=finalizer")
	headline(t, r, "Segmentation fault")
	calls(t, r.Current(), "crash_read_null", "main.finalizer.func1")
	last := r.Current().Frames[len(r.Current().Frames)-2].Name()
	if last != "runtime.runFinalizers" {
		t.Errorf("the finalizer is called by %s:\n%s", last, r)
	}
}

func TestFaulthandler_fatal_error_c_thread(t *testing.T) {
	r := died(t, syscall.SIGABRT, "crash thread=1 kind=abort")
	headline(t, r, "Aborted")
	calls(t, r.Current(), "abort", "crash_abort", "crasher")
	if r.Current().Name() != "crasher" || r.Current().TID() == r.Process.PID {
		t.Errorf("the current thread is %+v", r.Current().Members)
	}
}

func TestFaulthandler_sigabrt(t *testing.T) {
	r := died(t, syscall.SIGABRT, "crash kind=abort")
	headline(t, r, "Aborted")
	calls(t, r.Current(), "abort", "crash_abort", "main.funcB", "main.funcA")
}

func TestFaulthandler_sigfpe(t *testing.T) {
	headline(t, died(t, syscall.SIGFPE, "crash kind=raise signal=8"), "Floating-point exception")
}

func TestFaulthandler_sigbus(t *testing.T) {
	headline(t, died(t, syscall.SIGBUS, "crash kind=raise signal=7"), "Bus error")
}

func TestFaulthandler_sigill(t *testing.T) {
	headline(t, died(t, syscall.SIGILL, "crash kind=raise signal=4"), "Illegal instruction")
}

// The counterpart of Py_FatalError, a program's own last word, is C's assert.
func TestFaulthandler_fatal_error(t *testing.T) {
	testFatalError(t, "crash kind=assert", "main.crashAs")
}

// On a thread that has nothing to do with the interpreter: here, with Go.
func TestFaulthandler_fatal_error_without_gil(t *testing.T) {
	testFatalError(t, "crash thread=1 kind=assert", "crasher")
}

func testFatalError(t *testing.T, line, caller string) {
	o := program.Run(t, line)
	o.DiedOf(t, syscall.SIGABRT)
	_, text, _ := strings.Cut(o.Stderr, "\nFatal error: ") // the C library has said it first
	r := victim.Complete(t, "Fatal error: "+text)
	headline(t, r, "Aborted")
	calls(t, r.Current(), "abort", "crash_assert", caller)
	if len(r.Messages) != 1 || !strings.Contains(r.Messages[0], "crash_assert: Assertion `!\"in new thread\"' failed.") {
		t.Errorf("the messages are %q", r.Messages)
	}
}

func TestFaulthandler_truncate(t *testing.T) {
	r := died(t, syscall.SIGSEGV, "crash kind=long")
	calls(t, r.Current(), "crash_read_null", strings.Repeat("x", 500)+"...", "crash_long_name")
}

func TestFaulthandler_stack_overflow(t *testing.T) {
	for _, line := range []string{"crash kind=overflow", "crash thread=1 kind=overflow"} { // Python: the main thread's alone
		r := died(t, syscall.SIGSEGV, line)
		headline(t, r, "Segmentation fault")
		calls(t, r.Current(), "overflow", "crash_overflow")
		if !strings.HasPrefix(r.Signal.Cause, "stack overflow") && !strings.Contains(r.Signal.Cause, "stack overflow") {
			t.Errorf("%s: the cause is %q", line, r.Signal.Cause)
		}
	}
}

// In a call of C no Go code runs on the thread, as no Python code does without the
// GIL; it is the current one all the same, and so is its goroutine.
func TestFaulthandler_gil_released(t *testing.T) {
	r := died(t, syscall.SIGSEGV, "crash kind=raise signal=11")
	headline(t, r, "Segmentation fault")
	if len(r.GoroutineGroups) == 0 || r.GoroutineGroups[0].Thread() != r.Current().TID() {
		t.Errorf("the first goroutine is not that of the current thread:\n%s", r)
	}
}

func TestFaulthandler_enable_file(t *testing.T) { testEnableOutput(t, "file") }

func TestFaulthandler_enable_fd(t *testing.T) { testEnableOutput(t, "fd") }

func testEnableOutput(t *testing.T, which string) {
	out := to(t, which)
	o := program.Run(t, "crash kind=read_null"+out.line, out.changes...)
	o.DiedOf(t, syscall.SIGSEGV)
	headline(t, victim.Complete(t, out.text(o)), "Segmentation fault")
}

// Python calls that stack "Stack"; a crash report names its thread always.
func TestFaulthandler_enable_single_thread(t *testing.T) {
	r := died(t, syscall.SIGSEGV, "crash kind=read_null all=0 waiters=2")
	headline(t, r, "Segmentation fault")
	if len(r.Threads) != 1 || r.Answers != nil || has(r, "waiter") {
		t.Errorf("other threads are in the report:\n%s", r)
	}
}

func TestFaulthandler_disable(t *testing.T) {
	o := program.Run(t, "disable")
	victim.NoReport(t, o.Stderr)
	if o.IsExit(0) || strings.Contains(o.Stderr, "Fatal error") {
		t.Error(o)
	}
}

func TestFaulthandler_is_enabled(t *testing.T) {
	if o := survive(t, "enabled"); !strings.HasSuffix(o.Stdout, "\ntrue true false false\n") {
		t.Error(o)
	}
}

func TestFaulthandler_disabled_by_default(t *testing.T) {
	if o := survive(t, "enabled"); !strings.HasPrefix(o.Stdout, "false\n") {
		t.Error(o)
	}
}

// What Python lists of C in the process are its extension modules; here it is all
// that was loaded.
func TestFaulthandler_dump_ext_modules(t *testing.T) {
	r := died(t, syscall.SIGSEGV, "crash kind=read_null")
	libc := false
	for _, module := range r.Modules {
		libc = libc || strings.Contains(module.Path, "libc.so")
	}
	if !libc {
		t.Errorf("the C library is not among the modules: %+v", r.Modules)
	}
}

func TestFaulthandler_stderr_None(t *testing.T) {
	out := to(t, "file")
	o := survive(t, "closed all=0"+out.line)
	want := ""
	for _, call := range []string{"Enable", "Dump", "DumpNative", "Register"} {
		want += "epitaph: " + call + ": write to /dev/stderr: bad file descriptor\n"
	}
	if o.Stdout != want {
		t.Errorf("%v, want %s", o, want)
	}
	header(t, dump(t, out.text(o)), report.BareStack) // another output works
}

func TestFaulthandler_max_threads(t *testing.T) {
	for _, line := range []string{"crash kind=read_null", "threads", "register"} {
		o := program.Run(t, line+" max=2 waiters=3")
		if line == "crash kind=read_null" {
			o.DiedOf(t, syscall.SIGSEGV)
		} else {
			o.Exited(t, 0)
		}
		all := 0
		r, err := report.Parse([]byte(strings.TrimLeft(o.Stderr, "\n")))
		if err != nil {
			t.Fatalf("%s: %v in %v", line, err, o)
		}
		cut := 0
		for i := range r.Threads {
			switch thread := &r.Threads[i]; {
			case thread.Kind == report.CutThreads:
				cut = thread.Count
			case !thread.Current():
				all++
			}
		}
		if all != 2 || cut == 0 {
			t.Errorf("%s: %d stacks of other threads, %d cut:\n%s", line, all, cut, r)
		}
	}
}
