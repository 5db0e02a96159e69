//go:build linux && (amd64 || arm64) && cgo

package godeath

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// The function gets the report as it was written, whatever becomes of it then;
// the process dies of the crash.
func TestOnCrash(t *testing.T) {
	for _, kind := range []string{"c-null", "c-thread"} {
		for _, what := range []string{"return", "panic", "nil", "goexit"} {
			t.Run(kind+"/"+what, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				o := run(t, plain, kind+" oncrash="+what+" dir="+dir)
				o.DiedOf(t, syscall.SIGSEGV)
				text := onlyFile(t, dir)
				complete(t, text)
				if o.Stdout != text {
					t.Errorf("the function got:\n%s\nthe report is:\n%s", ends(o.Stdout), ends(text))
				}
				// Once it has finished nothing is waited for.
				if o.Elapsed > 4*time.Second { // of a deadline of 5
					t.Errorf("took %v", o.Elapsed)
				}
				if short := victim.Report(t, o.Stderr); short.String() != o.Stderr {
					t.Errorf("standard error has more than the report in short:\n%s", o.Stderr)
				}
			})
		}
	}
}

// One that does not come back is left behind when the deadline expires.
func TestOnCrashHangs(t *testing.T) {
	for _, what := range []string{"hang", "wait", "lock", "spin", "crash"} {
		for _, kind := range []string{"c-go-lock", "c-thread"} {
			if what == "lock" && kind == "c-thread" {
				continue // it is free
			}
			t.Run(what+"/"+kind, func(t *testing.T) {
				t.Parallel()
				const deadline = 3 * time.Second
				out := filepath.Join(t.TempDir(), "report")
				o := run(t, plain, kind+" deadline=3s oncrash="+what+" out="+out)
				o.DiedOf(t, syscall.SIGSEGV)
				text := read(t, out)
				complete(t, text)
				stdout, over := strings.CutSuffix(o.Stdout, "over\n")
				if stdout != text {
					t.Errorf("the function got:\n%s\nthe report is:\n%s", ends(o.Stdout), ends(text))
				}
				if what == "wait" && !over {
					t.Error("the context does not end in time")
				}
				if o.Elapsed < deadline/2 {
					t.Errorf("took %v, less than the function has", o.Elapsed)
				}
			})
		}
	}
}

// A process that is stopped while the function runs, for longer than it has, still tells it that
// its time is over, and lets it stop: what a busy machine does to it, without chance.
func TestOnCrashStopped(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "report")
	c := plain.Start(t, "c-thread deadline=3s oncrash=wait out="+out, victim.Unset("GOTRACEBACK"), victim.Talk)
	for !strings.HasPrefix(c.Line(), "End of") {
	}
	c.Stop()
	time.Sleep(3500 * time.Millisecond)
	c.Continue()
	c.Wait().DiedOf(t, syscall.SIGSEGV)
	complete(t, read(t, out))
	if over, err := c.Out.ReadString('\n'); over != "over\n" {
		t.Errorf("the function was not told: it says %q, %v", over, err)
	}
}

// A watchdog that loses patience and sends SIGABRT stops no thread: the world could not
// stop for the function any more.
func TestOnCrashAborted(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "report")
	o := run(t, plain, "c-busy-later oncrash=aborted out="+out)
	o.DiedOf(t, syscall.SIGSEGV)
	text := read(t, out)
	complete(t, text)
	if o.Stdout != text+"collected\n" {
		t.Errorf("the function got:\n%s", ends(o.Stdout))
	}
}

// A fatal error of Go in it prints what it prints, and the process dies of the
// crash.
func TestOnCrashFatal(t *testing.T) {
	dir := t.TempDir()
	o := run(t, plain, "c-null oncrash=fatal dir="+dir)
	o.DiedOf(t, syscall.SIGSEGV)
	text := onlyFile(t, dir)
	complete(t, text)
	if o.Stdout != text {
		t.Errorf("the function got:\n%s", ends(o.Stdout))
	}
	if n := strings.Count(o.Stderr, "fatal error: concurrent map writes"); n != 1 {
		t.Errorf("the error is there %d times:\n%s", n, ends(o.Stderr))
	}
	// os.Exit is the program's own decision.
	o = run(t, plain, "c-null oncrash=exit dir="+t.TempDir())
	o.Exited(t, 9)
}

func TestOnCrashVariants(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			changes := v.surroundings(t)
			out := filepath.Join(t.TempDir(), "report")
			o := run(t, v.program, "c-thread"+v.settings+" oncrash=panic out="+out, changes...)
			o.DiedOf(t, syscall.SIGSEGV)
			text := read(t, out)
			complete(t, text)
			if o.Stdout != text {
				t.Errorf("the function got:\n%s\nthe report is:\n%s", ends(o.Stdout), ends(text))
			}
		})
	}
}

// When every P is busy it may come late, or not at all; the report and the end
// are the same.
func TestOnCrashBusy(t *testing.T) {
	called := 0
	for range 5 {
		dir := t.TempDir()
		o := run(t, plain, "c-busy oncrash=return dir="+dir)
		o.DiedOf(t, syscall.SIGSEGV)
		complete(t, onlyFile(t, dir))
		if o.Stdout != "" {
			called++
		}
	}
	if called == 0 {
		t.Error("it was called in none of 5 runs")
	}
}
