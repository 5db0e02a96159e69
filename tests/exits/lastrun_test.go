//go:build linux && (amd64 || arm64) && cgo

package exits

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/internal/victim"
)

// lastRun reads what a run left in the box.
func lastRun(t *testing.T, box string) *blackbox.Run {
	t.Helper()
	run, err := blackbox.Open(box)
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Damage) > 0 {
		t.Errorf("damage: %v", run.Damage)
	}
	return run
}

// Each exit says who called what, and with what status.
func TestLastRunOfExits(t *testing.T) {
	for _, test := range []struct {
		how, detail string
		status      int
		unexpected  bool
	}{
		{"return", "main returned", 0, false},
		{"exit status=0", "os.Exit was called by main.leave (main.go:", 0, false},
		{"exit status=3", "os.Exit was called by main.leave (main.go:", 3, true},
		{"fatal", "log.Fatal was called by main.leave (main.go:", 1, true},
		{"c-exit status=0", "C code called exit on thread ", 0, false},
		{"c-exit status=3", "C code called exit on thread ", 3, true},
		{"c-exit status=3 thread=1", "C code called exit on thread ", 3, true},
		{"c-now status=3", "C code called _exit on thread ", 3, true},
		{"c-now status=3 thread=1", "C code called _exit on thread ", 3, true},
		{"c-quick status=3", "C code called quick_exit on thread ", -1, true},
	} {
		t.Run(test.how, func(t *testing.T) {
			t.Parallel()
			box := filepath.Join(t.TempDir(), "box")
			program.Run(t, "leave box="+box+" how="+test.how).Exited(t, max(test.status, 3*btoi(test.status < 0)))
			run := lastRun(t, box)
			if e := run.End; e.Kind != blackbox.Exited || e.Status != test.status || !strings.HasPrefix(e.Detail, test.detail) {
				t.Errorf("%v, status %d: %s", e.Kind, e.Status, e.Detail)
			}
			if run.Unexpected() != test.unexpected {
				t.Errorf("unexpected: %v (%s)", run.Unexpected(), run.End.Detail)
			}
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A signal that kills says which, and one that asks for an end what became of that.
func TestLastRunOfSignals(t *testing.T) {
	for _, test := range []struct {
		signal     syscall.Signal
		notify     bool
		kind       blackbox.EndKind
		unexpected bool
	}{
		{signal: syscall.SIGTERM, kind: blackbox.Signaled},
		{signal: syscall.SIGINT, kind: blackbox.Signaled},
		{signal: syscall.SIGHUP, kind: blackbox.Signaled},
		{signal: syscall.SIGTERM, notify: true, kind: blackbox.Exited},
		{signal: syscall.SIGKILL, kind: blackbox.Vanished, unexpected: true},
	} {
		name := test.signal.String()
		if test.notify {
			name += " that is handled"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := filepath.Join(t.TempDir(), "box")
			line := "wait status=5 box=" + box
			if test.notify {
				line += " notify=1"
			}
			c := program.Start(t, line, victim.Talk)
			c.Line()
			c.Cmd.Process.Signal(test.signal)
			o := c.Wait()
			if test.notify {
				o.Exited(t, 5)
			} else {
				o.DiedOf(t, test.signal)
			}
			run := lastRun(t, box)
			e := run.End
			if e.Kind != test.kind || run.Unexpected() != test.unexpected {
				t.Errorf("%v, unexpected %v: %s", e.Kind, run.Unexpected(), e.Detail)
			}
			if test.kind == blackbox.Signaled && (e.Signal != int(test.signal) || !strings.Contains(e.Detail, "sent by process ")) {
				t.Errorf("signal %d: %s", e.Signal, e.Detail)
			}
			if test.notify && (e.Asked != int(test.signal) || e.Status != 5) {
				t.Errorf("asked by %d, status %d: %s", e.Asked, e.Status, e.Detail)
			}
			// Whether the OOM killer was at work meanwhile is not known to the test.
			if test.kind == blackbox.Vanished && !strings.Contains(e.Detail, "SIGKILL") {
				t.Error(e.Detail)
			}
		})
	}
}

// The signals that C code brings about on a thread of its own.
func TestLastRunOfSilentSignals(t *testing.T) {
	for what, signal := range map[string]syscall.Signal{
		"pipe": syscall.SIGPIPE, "fsize": syscall.SIGXFSZ, "term": syscall.SIGTERM,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			box := filepath.Join(t.TempDir(), "box")
			program.Run(t, "silent what="+what+" box="+box).DiedOf(t, signal)
			run := lastRun(t, box)
			if e := run.End; e.Kind != blackbox.Signaled || e.Signal != int(signal) {
				t.Errorf("%v, signal %d: %s", e.Kind, e.Signal, e.Detail)
			}
			if want := signal != syscall.SIGTERM; run.Unexpected() != want {
				t.Errorf("unexpected %v, want %v", run.Unexpected(), want)
			}
		})
	}
	// Go dies of one when its standard output has no reader.
	t.Run("output", func(t *testing.T) {
		t.Parallel()
		box := filepath.Join(t.TempDir(), "box")
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		defer w.Close()
		program.Run(t, "silent what=output box="+box, victim.Stdout(w)).DiedOf(t, syscall.SIGPIPE)
		if e := lastRun(t, box).End; e.Kind != blackbox.Signaled || e.Signal != int(syscall.SIGPIPE) {
			t.Errorf("%v, signal %d: %s", e.Kind, e.Signal, e.Detail)
		}
	})
}

// A signal that the program survives leaves nothing.
func TestSurvivedSignals(t *testing.T) {
	t.Parallel()
	box := filepath.Join(t.TempDir(), "box")
	program.Run(t, "survive box="+box).Exited(t, 0)
	run := lastRun(t, box)
	if e := run.End; e.Kind != blackbox.Exited || e.Status != 0 || e.Asked != 0 {
		t.Errorf("%v, status %d, asked %d: %s", e.Kind, e.Status, e.Asked, e.Detail)
	}
}
