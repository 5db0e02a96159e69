//go:build linux && (amd64 || arm64) && cgo

package edges

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// The handlers here have their turn after the report: the setting hostfirst is false.
// Package host tests those that are asked before it.

// hasLine fails unless a text has a line.
func hasLine(t *testing.T, text, line string) {
	t.Helper()
	if !strings.Contains("\n"+text, "\n"+line+"\n") {
		t.Errorf("no line %q in:\n%s", line, text)
	}
}

// The handler that was there before gets the signal as the kernel sent it,
// after the report; what it repairs nothing of still kills.
func TestHostHandlerIsChained(t *testing.T) {
	for _, test := range []struct {
		kind   string
		signal syscall.Signal
		line   string
	}{
		{"null", syscall.SIGSEGV, "host: signal 11, code 0x01, address 0x0000000000000008"},
		{"div", syscall.SIGFPE, "host: signal 08, code 0x01, address 0x"},
		{"ud2", syscall.SIGILL, "host: signal 04, code 0x02, address 0x"},
		{"abort", syscall.SIGABRT, "host: signal 06, code 0xfa, address 0x0000000000000000"},
	} {
		for _, host := range []string{"log", "default"} {
			for _, place := range []string{"cgo", "callback", "thread"} {
				t.Run(test.kind+"/"+host+"/"+place, func(t *testing.T) {
					t.Parallel()
					o := run(t, "host hostfirst=false host="+host+" kind="+test.kind+" place="+place, signalSetting(test.signal))
					o.DiedOf(t, test.signal)
					victim.Complete(t, o.Stderr)
					_, after, _ := strings.Cut(o.Stderr, "End of report (")
					if strings.Count(after, test.line) != 1 {
						t.Errorf("want %q once after the report:\n%s", test.line, o.Stderr)
					}
				})
			}
		}
	}
}

// A breakpoint does not repeat: a host's handler that returns from it has it
// behind itself.
func TestHostHandlerOfABreakpoint(t *testing.T) {
	t.Parallel()
	o := run(t, "host hostfirst=false host=log kind=int3 signal=5")
	o.Exited(t, 3)
	victim.Complete(t, o.Stderr)
	hasLine(t, o.Stdout, "host: calls 1, signal 5, code 128, address 0x0")
}

func TestHostHandlerChangesTheContext(t *testing.T) {
	for _, place := range []string{"cgo", "callback", "thread"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := run(t, "host hostfirst=false host=skip place="+place)
			o.Exited(t, 3)
			victim.Complete(t, o.Stderr)
			hasLine(t, o.Stdout, "host: calls 1, signal 11, code 1, address 0x8")
		})
	}
}

func TestHostHandlerRepairsTheMemory(t *testing.T) {
	t.Parallel()
	o := run(t, "host_repair hostfirst=false times=3")
	o.Exited(t, 3)
	if all := victim.Reports(t, o.Stderr); len(all) != 3 {
		t.Errorf("%d reports of 3 faults", len(all))
	}
	hasLine(t, o.Stdout, "page holds 1")
	if !strings.Contains(o.Stdout, "host: calls 3, signal 11, code 2,") {
		t.Errorf("standard output:\n%s", o.Stdout)
	}
}

// Go's death waits for the other thread's report, and has one of its own when that crash
// turns out to be none.
func TestHostHandlerRepairsWhileGoPanics(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := run(t, "host_repair_late hostfirst=false dir="+dir)
	o.Exited(t, 2)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("report files %v, %v; want that of the fault and that of the panic", files, err)
	}
	var all string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		victim.Complete(t, string(text))
		all += string(text)
	}
	if !strings.Contains(all, "meanwhile") {
		t.Errorf("no report of the panic:\n%s", all)
	}
}

// A handler that is left by a jump gives no notice. The program must not be ended
// by the deadline then, and the next fault is a crash of its own.
func TestHostHandlerJumpsOut(t *testing.T) {
	t.Run("and the program lives on", func(t *testing.T) {
		t.Parallel()
		o := run(t, "host_jump hostfirst=false deadline=400ms sleep=1200")
		o.Exited(t, 3)
		victim.Complete(t, o.Stderr)
		hasLine(t, o.Stdout, "host: calls 1, signal 11, code 1, address 0x8")
	})
	t.Run("again and again", func(t *testing.T) {
		t.Parallel()
		o := run(t, "host_jump hostfirst=false times=5 kind=div signal=8 sleep=0")
		o.Exited(t, 3)
		if all := victim.Reports(t, o.Stderr); len(all) != 5 {
			t.Errorf("%d reports of 5 faults", len(all))
		}
	})
	t.Run("and the program crashes later", func(t *testing.T) {
		t.Parallel()
		o := run(t, "host_jump hostfirst=false then=crash sleep=100")
		o.DiedOf(t, syscall.SIGSEGV)
		if all := victim.Reports(t, o.Stderr); len(all) != 2 {
			t.Errorf("%d reports of 2 faults:\n%s", len(all), o.Stderr)
		}
	})
}

func TestHostHandlerEndsTheThread(t *testing.T) {
	t.Parallel()
	o := run(t, "host_end_thread hostfirst=false deadline=400ms sleep=1200")
	o.Exited(t, 3)
	victim.Complete(t, o.Stderr)
}

func TestHostHandlerHangs(t *testing.T) {
	for _, place := range []string{"cgo", "thread"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := run(t, "host hostfirst=false host=hang deadline=400ms place="+place)
			// No signal ends a thread that does not return.
			o.Exited(t, 128+int(syscall.SIGSEGV))
			victim.Complete(t, o.Stderr)
			if o.Elapsed > slack {
				t.Errorf("took %v with a deadline of 400 ms", o.Elapsed)
			}
		})
	}
}

func TestErrnoIsKept(t *testing.T) {
	t.Parallel()
	o := run(t, "host_errno hostfirst=false")
	o.Exited(t, 3)
	hasLine(t, o.Stdout, "errno 77")
}

// A handler that was installed after Enable comes after it, and calls what it has found
// there: Go's, which has something to say on Go's threads.
func TestHostHandlerForwards(t *testing.T) {
	for _, settings := range []string{"", " again=1", " disable=1 again=1", " hostfirst=false", " hostfirst=false again=1"} {
		for _, place := range []string{"cgo", "thread"} {
			t.Run(place+settings, func(t *testing.T) {
				t.Parallel()
				o := run(t, "forward place="+place+settings)
				if place == "thread" {
					o.DiedOf(t, syscall.SIGSEGV)
				} else {
					o.Exited(t, 2)
				}
				shows(t, victim.Complete(t, o.Stderr), "crash_null", "victim_call")
			})
		}
	}
	t.Run("off", func(t *testing.T) {
		t.Parallel()
		o := run(t, "forward disable=1")
		o.Exited(t, 2)
		victim.NoReport(t, o.Stderr)
		if !strings.Contains(o.Stderr, "SIGSEGV: segmentation violation") {
			t.Errorf("not Go's own end:\n%s", o.Stderr)
		}
	})
}
