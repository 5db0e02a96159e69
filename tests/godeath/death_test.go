//go:build linux && (amd64 || arm64) && cgo

package godeath

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// A death is what the report says of a kind of the victim.
type death struct {
	kind     string
	headline string
	// from is how the text was got.
	from string
	// functions are in the stack of the thread, in this order.
	functions []string
}

const (
	whole   = "from the crash output"
	joined  = "from the crash output, its message from the print backlog"
	message = "only its message, from the print backlog"
)

const nilDereference = "panic: runtime error: invalid memory address or nil pointer dereference"

var deaths = []death{
	{"panic", "panic: boom", whole, []string{"runtime.fatalpanic", "runtime.gopanic", "main.boom", "main.deep", "main.main"}},
	{"panic-lines", "panic: first line", whole, []string{"runtime.gopanic", "main.main"}},
	{"error", "panic: ", whole, []string{"runtime.gopanic", "main.main"}},
	{"custom", "panic: ", whole, nil},
	{"number", "panic: main.status(7)", whole, nil},
	{"nested", "panic: first", whole, nil},
	{"nested-fatal", "sync: unlock of unlocked mutex", joined, []string{"runtime.fatal", "runtime.gopanic", "main.main"}},
	{"goroutine", "panic: boom", whole, []string{"runtime.gopanic", "runtime.goexit"}},
	{"again", "panic: boom [recovered, repanicked]", whole, nil},
	{"exits", "panic: ", whole, nil},
	{"panicking-error", "panic while printing panic value: in Error", joined, nil},
	{"nil", nilDereference, whole, []string{"runtime.gopanic", "runtime.panicmem", "runtime.sigpanic", "main.main"}},
	{"nil-func", nilDereference, whole, nil},
	{"divide", "panic: runtime error: integer divide by zero", whole, nil},
	{"index", "panic: runtime error: index out of range [5] with length 3", whole, nil},
	{"recovered", "panic: boom", whole, nil},
	{"callback", "panic: in a callback", whole, []string{"runtime.gopanic", "main.victimPanics", "crosscall2"}},
	{"map", "concurrent map writes", joined, []string{"runtime.fatalthrow", "internal/runtime/maps.fatal", "main.mapWrites", "main.main"}},
	{"unlock", "sync: unlock of unlocked mutex", joined, []string{"runtime.fatalthrow", "internal/sync.fatal", "main.main"}},
	{"fault", "fault", joined, []string{"runtime.throw", "runtime.sigpanic", "main.main"}},
	{"fault-assembly", "fault", joined, []string{"runtime.throw", "runtime.sigpanic", "cmpbody", "main.compare", "main.main"}},
	{"stack", "stack overflow", joined, []string{"runtime.throw", "runtime.newstack", "runtime.morestack"}},
	{"memory", "out of memory", joined, []string{"runtime.throw", "runtime.makeslice", "main.main"}},
}

// check compares the report with what standard error showed.
func (d death) check(t *testing.T, r *report.Report, o *victim.Outcome) {
	t.Helper()
	if got := r.Headline; got != d.headline && !(d.headline == "panic: " && strings.HasPrefix(got, d.headline)) {
		t.Errorf("the headline is %q, want %q", got, d.headline)
	}
	if r.GoText == nil {
		t.Fatalf("no text of Go's in:\n%s", ends(r.String()))
	}
	if r.GoText.From != d.from {
		t.Errorf("Go's text is %s, want %s", r.GoText.From, d.from)
	}
	if got := string(r.GoText.Bytes()); got != o.Stderr {
		t.Errorf("Go's text in the report:\n%s\non standard error:\n%s", ends(got), ends(o.Stderr))
	}
	// Of a fault that Go has made a panic or an error of, the signal is reported, of others not
	// the one by which Go ends the process.
	fault := strings.Contains(o.Stderr, "[signal SIG")
	if (r.Signal != nil) != fault || len(r.Registers) > 0 {
		t.Errorf("the signal is %v, of a fault: %v", r.Signal, fault)
	}
	if fault && (!strings.Contains(o.Stderr, "[signal "+r.Signal.Name+": ") || r.Signal.Cause == "") {
		t.Errorf("the signal is %v, and Go's text:\n%s", r.Signal, ends(o.Stderr))
	}
	if d.headline == nilDereference && !strings.Contains(r.Signal.Cause, "in the first page: a NULL pointer") {
		t.Errorf("the cause is %q", r.Signal.Cause)
	}
	shows(t, r.Current(), d.functions...)
	sleeper := false // in a stripped program only the C library's function has a name, pause or __libc_pause
	for _, thread := range r.Threads {
		for _, frame := range thread.Frames {
			sleeper = sleeper || frame.Name() == "victim_sleeps" || strings.HasSuffix(frame.Name(), "pause")
		}
	}
	if !sleeper {
		t.Errorf("the C thread's stack is not there:\n%s", ends(r.String()))
	}
	if g := r.Goroutines; g == nil || g.Live || g.Reason != "Go is ending the process" || len(r.GoroutineGroups) == 0 {
		t.Errorf("the goroutines of the snapshot: %+v", g)
	}
	if len(r.Breadcrumbs) != 1 || r.Breadcrumbs[0].Text != "about to die" || len(r.Annotations) != 1 {
		t.Errorf("breadcrumbs %v, annotations %v", r.Breadcrumbs, r.Annotations)
	}
	if r.Process == nil || r.Build == nil || len(r.Modules) == 0 {
		t.Error("process, build or modules are missing")
	}
}

// shows fails unless a stack has these functions, in this order.
func shows(t *testing.T, thread *report.Thread, functions ...string) {
	t.Helper()
	if thread == nil {
		t.Fatal("no current thread")
	}
	left := functions
	for _, frame := range thread.Frames {
		if len(left) > 0 && frame.Name() == left[0] {
			left = left[1:]
		}
	}
	if len(left) > 0 {
		t.Errorf("no frame of %s, of %v, in %v", left[0], functions, thread.Frames)
	}
}

func TestDeaths(t *testing.T) {
	for _, d := range deaths {
		t.Run(d.kind, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			o := run(t, plain, d.kind+" dir="+dir)
			same(t, o, run(t, plain, d.kind+" off=1"))
			d.check(t, complete(t, onlyFile(t, dir)), o)
		})
	}
}

// Go's fault is that of the program's function that has called the standard library, also
// where that is assembly whose names have no package.
func TestFaultInAssembly(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{nil, {"-trimpath"}} {
		program := &victim.Program{Build: append(flags, "-tags", "epitaph_test", "./victim")}
		dir := t.TempDir()
		run(t, program, "fault-assembly dir="+dir).Exited(t, 2)
		r := complete(t, onlyFile(t, dir))
		const where = "SIGSEGV in bytes.Compare, called by main.compare (kinds.go:"
		if !strings.Contains(r.End.Sentence, where) || r.Summary() != r.End.Sentence {
			t.Errorf("flags %v: the sentence is %q, of the text %q", flags, r.End.Sentence, r.Summary())
		}
	}
}

// Before the error itself Go prints the bounds of the stack, and a traceback.
func TestTextBeforeTheError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := run(t, plain, "coroutine dir="+dir)
	o.Exited(t, 2)
	r := complete(t, onlyFile(t, dir))
	if !strings.HasPrefix(o.Stderr, "runtime: morestack on g0, stack [") || r.Headline != "morestack on g0" {
		t.Fatalf("the headline is %q, and standard error:\n%s", r.Headline, ends(o.Stderr))
	}
	if got := string(r.GoText.Bytes()); got != o.Stderr {
		t.Errorf("Go's text in the report:\n%s\non standard error:\n%s", ends(got), ends(o.Stderr))
	}
}

func find(t *testing.T, kind string) death {
	t.Helper()
	for _, d := range deaths {
		if d.kind == kind {
			return d
		}
	}
	t.Fatalf("no kind %s", kind)
	return death{}
}

func TestLevels(t *testing.T) {
	for _, level := range []string{"none", "single", "all", "system", "crash", "1"} {
		for _, kind := range []string{"panic", "map", "fault", "callback"} {
			t.Run(level+"/"+kind, func(t *testing.T) {
				t.Parallel()
				d, env, dir := find(t, kind), victim.Env("GOTRACEBACK="+level), t.TempDir()
				o := run(t, plain, kind+" dir="+dir, env)
				same(t, o, run(t, plain, kind+" off=1", env))
				if level == "crash" {
					o.DiedOf(t, syscall.SIGABRT)
				} else {
					o.Exited(t, 2)
				}
				if level == "none" && d.from == joined && kind != "fault" {
					d.from = message
				}
				d.check(t, complete(t, onlyFile(t, dir)), o)
			})
		}
	}
}

// The report goes to an output that is not standard error, and to none that is.
func TestWhereTheReportGoes(t *testing.T) {
	d := find(t, "map")
	without := run(t, plain, "map off=1")

	out := filepath.Join(t.TempDir(), "report")
	o := run(t, plain, "map out="+out)
	same(t, o, without)
	d.check(t, complete(t, read(t, out)), o)

	// A directory and an output: the output gets the line that says where.
	dir := t.TempDir()
	o = run(t, plain, "map out="+out+" dir="+dir)
	same(t, o, without)
	d.check(t, complete(t, onlyFile(t, dir)), o)
	if got, want := read(t, out), "\nNote: the whole report is in "+dir+"/victim-"; !strings.HasPrefix(got, "Fatal Go error: concurrent map writes\n") || !strings.Contains(got, want) {
		t.Errorf("the output has %q, want %q", got, want)
	}

	o = run(t, plain, "map")
	same(t, o, without)
	o = run(t, plain, "map disable=1 dir="+dir)
	same(t, o, without)
	onlyFile(t, dir)

	// Two names of one pipe.
	o = run(t, plain, "map out=/proc/self/fd/2")
	same(t, o, without)

	box := filepath.Join(t.TempDir(), "box")
	o = run(t, plain, "map box="+box)
	same(t, o, without)
	last, err := blackbox.Open(box)
	if err != nil {
		t.Fatal(err)
	}
	if last.End.Kind != blackbox.Crashed || !last.End.Complete || last.End.Detail != "a panic or fatal error, report complete" {
		t.Errorf("the black box says %+v", last.End)
	}
	d.check(t, complete(t, string(last.Report)), o)

	// A directory that has gone.
	gone := t.TempDir() + "/gone"
	if err := os.Mkdir(gone, 0o700); err != nil {
		t.Fatal(err)
	}
	o = run(t, plain, "map box="+box+" remove="+gone+" dir="+gone)
	same(t, o, without)
	last, err = blackbox.Open(box)
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Parse(last.Report)
	if err != nil || len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "no report file could be made") {
		t.Errorf("%v, notes %v", err, r.Notes)
	}
}

// A text that is too long is cut, and says so.
func TestLongText(t *testing.T) {
	dir := t.TempDir()
	o := run(t, plain, "panic-long dir="+dir)
	same(t, o, run(t, plain, "panic-long off=1"))
	r := complete(t, onlyFile(t, dir))
	const kept = 1 << 20
	want := fmt.Sprintf("the first %d of %d bytes, %s", kept, len(o.Stderr), whole)
	if r.GoText.From != want {
		t.Errorf("Go's text is %s, want %s", r.GoText.From, want)
	}
	if got := string(r.GoText.Bytes()); got != o.Stderr[:kept]+"\n" {
		t.Errorf("the text, of %d bytes, is not the beginning of standard error", len(got))
	}
	if want := "panic: " + strings.Repeat("x", 493) + "..."; r.Headline != want {
		t.Errorf("the headline is %q, want %q", r.Headline, want)
	}
}

// What the program sets itself counts.
func TestSetTraceback(t *testing.T) {
	for _, level := range []string{"none", "all", "system", "crash"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			o := run(t, plain, "panic level="+level+" dir="+dir)
			same(t, o, run(t, plain, "panic off=1 level="+level))
			find(t, "panic").check(t, complete(t, onlyFile(t, dir)), o)
		})
	}
}

// The program's own SetCrashOutput gets what it gets without Epitaph.
func TestSetCrashOutput(t *testing.T) {
	for _, when := range []string{"before", "after"} {
		for _, kind := range []string{"panic", "map"} {
			t.Run(when+"/"+kind, func(t *testing.T) {
				t.Parallel()
				dir, out, wantOut := t.TempDir(), t.TempDir()+"/out", t.TempDir()+"/out"
				o := run(t, plain, kind+" dir="+dir+" crash-"+when+"="+out)
				same(t, o, run(t, plain, kind+" off=1 crash-"+when+"="+wantOut))
				if got, want := normal(read(t, out)), normal(read(t, wantOut)); got != want || got == "" {
					t.Errorf("the program's crash output has:\n%s\nwithout Epitaph:\n%s", got, want)
				}
				r := complete(t, onlyFile(t, dir))
				shows(t, r.Current(), "runtime.raise", "main.main")
				if kind == "map" {
					if r.Headline != "concurrent map writes" || r.GoText.From != message {
						t.Errorf("%q, %q", r.Headline, r.GoText.From)
					}
				} else if r.GoText != nil || len(r.Notes) != 1 {
					t.Errorf("Go's text %v, notes %q", r.GoText, r.Notes)
				}
			})
		}
	}
}

// Descriptors that the program closed and uses for files of its own get nothing
// of Go's text.
func TestClosedDescriptors(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	o := run(t, plain, "close data="+data)
	o.Exited(t, 2)
	if got := read(t, data); got != "" {
		t.Errorf("the program's file has:\n%s", got)
	}
}

// A crash in C that is handed over to Go looks as if Go had found it, but for the C
// frames, which Go knows of Epitaph (package cgotraceback tests those).
func TestChain(t *testing.T) {
	out := filepath.Join(t.TempDir(), "report")
	o := run(t, plain, "c-null chain=1 traceback=off out="+out)
	same(t, o, run(t, plain, "c-null off=1"))
	o.Exited(t, 2)
	if r := complete(t, read(t, out)); r.Signal == nil || r.Signal.Name != "SIGSEGV" {
		t.Errorf("the signal is %v", r.Signal)
	}
}

// A fault in the runtime itself, here of the collector in damaged memory, is none
// that can become a panic. It is reported like one of C's, but apart, and Go's
// dump and status are what they were.
func TestFaultOfTheRuntime(t *testing.T) {
	for _, level := range []string{"single", "none", "crash"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			dir, env := t.TempDir(), victim.Env("GOTRACEBACK="+level)
			o, without := run(t, plain, "collector alone=1 dir="+dir, env), run(t, plain, "collector alone=1 off=1", env)
			if o.End() != without.End() {
				t.Errorf("%s; without Epitaph %s", o.End(), without.End())
			}
			// Which thread it is, and what the others do, is a matter of chance.
			head := func(s string) string { first, _, _ := strings.Cut(normal(s), "\n"); return first }
			if got, want := head(o.Stderr), head(without.Stderr); got != want || got != "SIGSEGV: segmentation violation" {
				t.Errorf("standard error begins with %q, without Epitaph %q", got, want)
			}
			if strings.Contains(o.Stderr, "-----") != strings.Contains(without.Stderr, "-----") {
				t.Errorf("the threads print their stacks in one only:\n%s", ends(o.Stderr))
			}
			if strings.Contains(o.Stderr, "epitaph: ") || strings.Contains(o.Stderr, "End of report") {
				t.Errorf("standard error has more than Go's:\n%s", ends(o.Stderr))
			}
			r := complete(t, onlyFile(t, dir))
			if r.Signal == nil || r.Signal.Name != "SIGSEGV" || r.Goroutines.Reason != "the fault is in Go's own runtime" {
				t.Errorf("signal %v, goroutines %v", r.Signal, r.Goroutines)
			}
			if current := r.Current(); current == nil || !strings.HasPrefix(current.Frames[0].Name(), "runtime.") {
				t.Errorf("the stack is %v", current)
			}
		})
	}
}

// Without a place of its own there is no report on it.
func TestFaultOfTheRuntimeOnStandardError(t *testing.T) {
	o := run(t, plain, "collector")
	o.Exited(t, 2)
	if !strings.HasPrefix(o.Stderr, "SIGSEGV: segmentation violation\nPC=") || strings.Contains(o.Stderr, "End of report") {
		t.Errorf("standard error:\n%s", ends(o.Stderr))
	}
}

// A program that aborts itself by a system call is not Go that dies.
func TestGoSendsItselfAnAbort(t *testing.T) {
	o := run(t, plain, "tgkill")
	o.DiedOf(t, syscall.SIGABRT)
	if r := victim.Complete(t, o.Stderr); r.Signal == nil || r.Signal.Cause != "raised by the process itself" {
		t.Errorf("the signal is %v", r.Signal)
	}
}

// With GOTRACEBACK=crash each thread prints its stack, and Go raises SIGABRT in
// the end; unless the signal by which it asks them comes to a C thread, which
// dies of it. Here is none.
func TestQuitWithCrash(t *testing.T) {
	env := victim.Env("GOTRACEBACK=crash")
	dir := t.TempDir()
	o := signaled(t, plain, "wait alone=1 dir="+dir, syscall.SIGQUIT, env)
	o.DiedOf(t, syscall.SIGABRT)
	signaled(t, plain, "wait alone=1 off=1", syscall.SIGQUIT, env).DiedOf(t, syscall.SIGABRT)
	if !strings.HasPrefix(o.Stderr, "SIGQUIT: quit\nPC=") || !strings.Contains(o.Stderr, "-----") {
		t.Errorf("Go's dump is:\n%s", ends(o.Stderr))
	}
	r := complete(t, onlyFile(t, dir))
	if r.Headline != "SIGQUIT: quit" || r.GoText == nil || r.GoText.From != whole {
		t.Errorf("%q, %v", r.Headline, r.GoText)
	}
}

// Signals that Go dies of by itself are none of Epitaph's affair.
func TestDeadlySignals(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGSTKFLT} {
		for _, level := range []string{"single", "none", "all"} {
			t.Run(signal.String()+"/"+level, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				var text [2]string
				for i, line := range []string{"wait dir=" + dir, "wait off=1"} {
					o := signaled(t, plain, line, signal, victim.Env("GOTRACEBACK="+level))
					o.Exited(t, 2)
					text[i] = o.Stderr
				}
				// Which thread gets it, and where that is, is a matter of chance.
				for _, text := range text {
					if strings.Contains(text, "-----") {
						t.Errorf("other threads print their stacks:\n%s", ends(text))
					}
				}
				head := func(s string) string { first, _, _ := strings.Cut(normal(s), "\n\n"); return first }
				if head(text[0]) != head(text[1]) {
					t.Errorf("it begins with\n%s\nwithout Epitaph\n%s", head(text[0]), head(text[1]))
				}
				for _, part := range []string{"rip ", "goroutine 1 ", "main.idle("} {
					if strings.Contains(text[0], part) != strings.Contains(text[1], part) {
						t.Errorf("%q is in one only:\n%s\nwithout Epitaph:\n%s", part, ends(text[0]), ends(text[1]))
					}
				}
				if files, _ := filepath.Glob(dir + "/*"); len(files) != 0 {
					t.Errorf("a report: %v", files)
				}
			})
		}
	}
}
