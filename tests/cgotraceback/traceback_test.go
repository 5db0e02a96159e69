//go:build linux && (amd64 || arm64) && cgo

package cgotraceback

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/stackfmt"
)

// In a call from C to Go, runtime.Stack, and runtime.Callers, show the C functions with
// their lines where that was asked for, and else what they show without Epitaph.
func TestContext(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"", " place=thread"} {
		text := ends(t, "stack context=1"+place)
		want := []string{
			`^main\.stack\(`, `^goCallback$`, `^\t_cgo_export\.c:\d+ pc=0x`,
			`^call_bridge$`, `^\t/.*/victim/calls\.c:5\d pc=0x`, `^call_go$`, `^\t/.*/victim/calls\.c:5\d pc=0x`,
		}
		if place == "" {
			want = append(want, `^main\._Cfunc_call_go\(`, `^main\.main\(`)
		} else {
			want = append(want, `^in_thread$`)
		}
		inOrder(t, text, want...)

		inOrder(t, ends(t, "callers context=1"+place), "^main.callers ", "^goCallback _cgo_export.c [1-9]", `^call_bridge /.*/calls\.c 5\d$`, `^call_go /.*/calls\.c 5\d$`)
	}
	for _, line := range []string{"stack", "stack context=1 none=1", "stack off=1"} {
		if text := ends(t, line); has(text, "call_bridge") {
			t.Errorf("%s has C frames:\n%s", line, text)
		}
	}
}

// A goroutine that another one prints, in the form that package stackfmt reads.
func TestOtherGoroutine(t *testing.T) {
	t.Parallel()
	text := ends(t, "all context=1")
	for _, g := range stackfmt.ParseGoroutines([]byte(text)).Goroutines {
		for _, f := range g.Stack {
			if f.Func == "call_bridge" && strings.HasSuffix(f.File, "/calls.c") && f.Line > 0 {
				return
			}
		}
	}
	t.Errorf("no goroutine has call_bridge:\n%s", text)
}

// Go's own text of a crash in C, as runtime's TestCgoCrashTraceback has it, behind the
// report.
func TestCrash(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"crash chain=1": {`^End of report`, `^crash_null$`, `^\t/.*/calls\.c:\d+ pc=0x`, `^_cgo_[0-9a-f]+_Cfunc_crash_null$`, `^runtime\.cgocall\(`, `^main\.crash\(`},
		"fault chain=1 context=1": {`^End of report`, `^crash_null$`, `^main\.faults\(`, `^call_bridge$`, `^\t/.*/calls\.c:5\d pc=0x`, `^call_go$`,
			`^runtime\.cgocall\(`, `^main\.main\(`},
	} {
		o := program.Run(t, line)
		if !o.IsExit(2) {
			t.Errorf("%s: %v", line, o)
		}
		inOrder(t, o.Stderr, want...)
	}
}

// A panic in a call from C ends as it does without Epitaph; what C was doing Go has
// forgotten by then.
func TestPanicInCallback(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"panic", "panic context=1", "panic context=1 place=thread"} {
		o := program.Run(t, line)
		if !o.IsExit(2) || !has(o.Stderr, "panic: in a callback\n") {
			t.Errorf("%s: %v", line, o)
		}
	}
}

// SIGQUIT of a program that is in C.
func TestQuit(t *testing.T) {
	t.Parallel()
	c := program.Start(t, "nostack rounds=100000000000", victim.Env("GOTRACEBACK=all"))
	time.Sleep(300 * time.Millisecond)
	if err := c.Cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	o := c.Wait()
	if !o.IsExit(2) || !has(o.Stderr, "SIGQUIT") || !has(o.Stderr, "main.noStack(") {
		t.Error(o)
	}
}

// Who has a provider of his own keeps it, wherever he registers it; after Enable only
// if Epitaph was asked to leave it alone.
func TestOtherProvider(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"goes-on ms=3000 provider=before":        "<nil>; asked: true",
		"goes-on ms=3000 provider=before off=1":  "<nil>; asked: true",
		"goes-on ms=3000 provider=after none=1":  "<nil>; asked: true",
		"goes-on ms=50 provider=after":           "call SetCgoTraceback only once; asked: false",
		"goes-on ms=50":                          "<nil>; asked: false",
		"goes-on ms=3000 provider=before chain=": "<nil>; asked: true",
	} {
		if said := strings.TrimSpace(ends(t, line)); said != want {
			t.Errorf("%s: %s, want %s", line, said, want)
		}
	}
}

// A crash of a program with a provider of its own has the report that it has without.
func TestCrashWithOtherProvider(t *testing.T) {
	t.Parallel()
	o := program.Run(t, "crash provider=before")
	o.DiedOf(t, syscall.SIGSEGV)
	if f := victim.Complete(t, o.Stderr).Current().Frames[0]; f.Func != "crash_null" || f.Line == 0 {
		t.Errorf("%+v", f)
	}
}
