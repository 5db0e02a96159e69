//go:build linux && (amd64 || arm64) && cgo

package godeath

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// afterPanic runs a kind that dies of a panic, has the program go on for the crash hook
// (WithOnCrashResume), and checks that its death is the same as without Epitaph, and the
// report whole. It returns what the crash hook has written behind
// the report, which it got as it was written.
func afterPanic(t *testing.T, p *victim.Program, line string, changes ...victim.Change) (said string, o *victim.Outcome) {
	t.Helper()
	dir := t.TempDir()
	o = run(t, p, line+" resume=1 dir="+dir, changes...)
	same(t, o, run(t, p, line+" off=1", changes...))
	text := onlyFile(t, dir)
	complete(t, text)
	said, got := strings.CutPrefix(o.Stdout, text)
	if !got {
		t.Errorf("the function got:\n%s\nthe report is:\n%s", ends(o.Stdout), ends(text))
	}
	nothingLeft(t, o)
	return said, o
}

var panicKinds = []string{"panic", "error", "goroutine", "nil", "callback"}

// The crash hook is called after an unrecovered panic, on a Go that goes on, where
// the program asks for that. None
// of what it does changes the death.
func TestOnCrashOfGo(t *testing.T) {
	for _, kind := range panicKinds {
		for _, what := range []string{"return", "panic", "nil", "goexit"} {
			t.Run(kind+"/"+what, func(t *testing.T) {
				t.Parallel()
				_, o := afterPanic(t, plain, kind+" oncrash="+what)
				o.Exited(t, 2)
				if o.Elapsed > 4*time.Second { // of a deadline of 5
					t.Errorf("took %v", o.Elapsed)
				}
			})
		}
	}
}

// It can do what goroutines do.
func TestOnCrashOfGoWorks(t *testing.T) {
	for what, says := range map[string]string{
		"sleep": "slept\n", "many": "sum 499500\n", "memory": "read\n", "run": "another process\n",
		"handler": "went on\n", "collect": "collected\n",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			said, o := afterPanic(t, plain, "goroutine oncrash="+what)
			o.Exited(t, 2)
			if said != says {
				t.Errorf("it says %q, want %q", said, says)
			}
		})
	}
	t.Run("file", func(t *testing.T) {
		to := filepath.Join(t.TempDir(), "copy")
		dir := t.TempDir()
		run(t, plain, "panic resume=1 oncrash=file to="+to+" dir="+dir).Exited(t, 2)
		if read(t, to) != onlyFile(t, dir) {
			t.Errorf("the file is:\n%s", ends(read(t, to)))
		}
	})
	// A standard output without a reader is not what it dies of.
	for _, kind := range []string{"panic", "c-null"} {
		t.Run("pipe/"+kind, func(t *testing.T) {
			to := filepath.Join(t.TempDir(), "text")
			o := run(t, plain, kind+" resume=1 oncrash=pipe to="+to+" dir="+t.TempDir())
			if kind == "panic" {
				o.Exited(t, 2)
			} else {
				o.DiedOf(t, syscall.SIGSEGV)
			}
			if got := read(t, to); got != "went on" {
				t.Errorf("the file is %q", got)
			}
		})
	}
	t.Run("send", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		sent := make(chan string, 1)
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			text, _ := io.ReadAll(conn)
			sent <- string(text)
			io.WriteString(conn, "thanks")
		}()
		dir := t.TempDir()
		o := run(t, plain, "panic resume=1 oncrash=send to="+listener.Addr().String()+" dir="+dir)
		o.Exited(t, 2)
		text := onlyFile(t, dir)
		if o.Stdout != text+"thanks\n" {
			t.Fatalf("standard output is:\n%s", ends(o.Stdout))
		}
		if got := <-sent; got != text {
			t.Errorf("sent was:\n%s", ends(got))
		}
	})
	// One who has been stopped with a lock goes on, and gives it up.
	t.Run("locked", func(t *testing.T) {
		for range 5 {
			said, o := afterPanic(t, plain, "locked oncrash=locked")
			o.Exited(t, 2)
			if said != "locked\n" {
				t.Errorf("it says %q", said)
			}
		}
	})
}

// WithOnCrash alone is enough: where there is no place for a report it gets one all the
// same.
func TestOnCrashOfGoAlone(t *testing.T) {
	o := run(t, plain, "panic resume=1 oncrash=return")
	same(t, o, run(t, plain, "panic off=1"))
	find(t, "panic").check(t, complete(t, o.Stdout), o)
}

// One that does not come back is left behind when the deadline expires. The status is that
// of the panic.
func TestOnCrashOfGoHangs(t *testing.T) {
	for _, what := range []string{"hang", "wait", "spin", "crash", "abort", "panics"} {
		for _, kind := range []string{"panic", "goroutine"} {
			t.Run(what+"/"+kind, func(t *testing.T) {
				t.Parallel()
				const deadline = 3 * time.Second
				said, o := afterPanic(t, plain, kind+" deadline=3s oncrash="+what)
				o.Exited(t, 2)
				if (said == "over\n") != (what == "wait") {
					t.Errorf("it says %q", said)
				}
				if o.Elapsed < deadline/2 || o.Elapsed > deadline+5*time.Second {
					t.Errorf("took %v", o.Elapsed)
				}
			})
		}
	}
}

// A fatal error in it has its message behind what Go had printed before, and no more.
func TestOnCrashOfGoFatal(t *testing.T) {
	dir := t.TempDir()
	o := run(t, plain, "panic deadline=3s resume=1 oncrash=fatal dir="+dir)
	o.Exited(t, 2)
	complete(t, onlyFile(t, dir))
	before, found := strings.CutSuffix(o.Stderr, "fatal error: concurrent map writes\n")
	if !found {
		t.Errorf("standard error is:\n%s", ends(o.Stderr))
	}
	o.Stderr = before
	same(t, o, run(t, plain, "panic off=1"))
}

// os.Exit is the crash hook's own decision.
func TestOnCrashOfGoExits(t *testing.T) {
	dir := t.TempDir()
	run(t, plain, "panic resume=1 oncrash=exit dir="+dir).Exited(t, 9)
	complete(t, onlyFile(t, dir))
	for _, what := range []string{"return", "sleep"} {
		for range 3 {
			mainEnds(t, "exits-0", what)
			mainEnds(t, "exits-main", what)
		}
	}
}

// mainEnds: main is woken by a deferred call of the goroutine that panics, and returns, or exits
// a little later. Go lets it wait for the panic, but not for ever (runtime.main, 1000 turns of the
// scheduler), and os.Exit does not wait: where the goroutine's thread gets no processor for that
// long, the program ends as if nothing had happened, without Epitaph too (1 of 400 runs on a busy
// machine). Anything else is the panic's end.
func mainEnds(t *testing.T, kind, what string) {
	t.Helper()
	dir := t.TempDir()
	o := run(t, plain, kind+" resume=1 oncrash="+what+" dir="+dir)
	if files, err := os.ReadDir(dir); o.IsExit(0) && err == nil && len(files) == 0 && o.Stderr == "" {
		t.Log("main has ended before the panic")
		return
	}
	o.Exited(t, 2)
	if !strings.HasPrefix(o.Stderr, "panic: boom\n") {
		t.Errorf("standard error is:\n%s", ends(o.Stderr))
	}
	complete(t, onlyFile(t, dir))
}

// Others that panic meanwhile have nothing to say any more.
func TestOnCrashOfGoPanicsMeanwhile(t *testing.T) {
	for range 5 {
		dir := t.TempDir()
		o := run(t, plain, "panics-later deadline=3s resume=1 oncrash=sleep dir="+dir)
		o.Exited(t, 2)
		complete(t, onlyFile(t, dir))
		if strings.Contains(o.Stderr, "later\n\n") || strings.Count(o.Stderr, "panic: ") != 1 {
			t.Errorf("standard error is:\n%s", ends(o.Stderr))
		}
	}
}

// Where the program itself wants Go's deaths to end in SIGABRT they do.
func TestOnCrashOfGoAborts(t *testing.T) {
	env := victim.Env("GOTRACEBACK=crash")
	for _, kind := range []string{"panic", "goroutine", "callback"} {
		for _, what := range []string{"return", "panic", "many", "hang"} {
			t.Run(kind+"/"+what, func(t *testing.T) {
				t.Parallel()
				for _, notify := range []string{"", " notify=1"} {
					_, o := afterPanic(t, plain, kind+notify+" deadline=3s oncrash="+what, env)
					o.DiedOf(t, syscall.SIGABRT)
				}
			})
		}
	}
}

// PID 1 does not die of it; Go then exits.
func TestOnCrashOfGoAbortsAsPID1(t *testing.T) {
	canBePID1(t)
	for _, what := range []string{"return", "hang"} {
		afterPanic(t, plain, "panic deadline=3s oncrash="+what, victim.Env("GOTRACEBACK=crash"),
			victim.Under(unshare[0], unshare[1:]...))
	}
}

func TestOnCrashOfGoVariants(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			changes := v.surroundings(t)
			for _, kind := range []string{"panic", "goroutine", "callback"} {
				said, o := afterPanic(t, v.program, kind+v.settings+" oncrash=many", changes...)
				o.Exited(t, 2)
				if said != "sum 499500\n" {
					t.Errorf("it says %q", said)
				}
			}
		})
	}
}

// Where the runtime's code is not known it is not called; nothing else changes, and
// no report is made that has no taker.
func TestOnCrashOfGoUnknownRuntime(t *testing.T) {
	unoptimised := built("-gcflags=all=-N -l")
	for _, kind := range []string{"panic", "goroutine"} {
		dir := t.TempDir()
		o := run(t, unoptimised, kind+" resume=1 oncrash=return dir="+dir)
		o.Exited(t, 2)
		complete(t, onlyFile(t, dir))
		if o.Stdout != "" {
			t.Errorf("it was called:\n%s", ends(o.Stdout))
		}
		same(t, o, run(t, unoptimised, kind+" off=1"))
		same(t, run(t, unoptimised, kind+" resume=1 oncrash=return"), run(t, unoptimised, kind+" off=1"))
	}
}

// Fatal errors do not call it.
func TestOnCrashOfGoNotFatal(t *testing.T) {
	for _, kind := range []string{"map", "unlock", "stack", "nested-fatal", "collector", "memory"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			o := run(t, plain, kind+" resume=1 oncrash=return dir="+dir)
			o.Exited(t, 2)
			complete(t, onlyFile(t, dir))
			if o.Stdout != "" {
				t.Errorf("it was called:\n%s", ends(o.Stdout))
			}
		})
	}
}

// Those that panic at the same time print one after the other, as they do without
// Epitaph, and the last one goes on. Those who panic after that keep their Ps.
func TestOnCrashOfGoAtOnce(t *testing.T) {
	called := 0
	for range 5 {
		dir := t.TempDir()
		o := run(t, plain, "at-once deadline=3s resume=1 oncrash=return dir="+dir)
		o.Exited(t, 2)
		text := onlyFile(t, dir)
		if got := string(complete(t, text).GoText.Bytes()); got != o.Stderr {
			t.Errorf("Go's text in the report:\n%s\non standard error:\n%s", ends(got), ends(o.Stderr))
		}
		if o.Stdout == text {
			called++
		} else if o.Stdout != "" {
			t.Errorf("the function got:\n%s", ends(o.Stdout))
		}
	}
	if called == 0 {
		t.Error("it was called in none of 5 runs")
	}
}

// Whatever the program does when it dies, the end is the same; it is called but where
// another goroutine was in the middle of a panic, or of a system call that it needs.
func TestOnCrashOfGoBusy(t *testing.T) {
	runs := 4
	if victim.Full {
		runs = 50
	}
	for _, kind := range []string{"spins", "allocates", "collects", "stops", "procs", "writes", "sleeps", "talks"} {
		t.Run(kind, func(t *testing.T) {
			called := 0
			for i := range runs {
				dir := t.TempDir()
				o := run(t, plain, "busy-"+kind+" resume=1 oncrash=many dir="+dir, victim.Env("GOMAXPROCS="+[]string{"1", "2", "8"}[i%3]))
				o.Exited(t, 2)
				text := onlyFile(t, dir)
				complete(t, text)
				if strings.Count(o.Stderr, "panic: boom") != 1 || strings.Contains(o.Stderr, "fatal error") {
					t.Errorf("standard error is:\n%s", ends(o.Stderr))
				}
				if o.Stdout == text+"sum 499500\n" {
					called++
				} else if o.Stdout != "" && o.Stdout != text {
					t.Errorf("the function got:\n%s", ends(o.Stdout))
				}
			}
			t.Logf("called in %d of %d", called, runs)
			if called < runs/2 {
				t.Errorf("called in %d of %d", called, runs)
			}
		})
	}
}
