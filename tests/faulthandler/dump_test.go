//go:build linux && (amd64 || arm64) && cgo

package faulthandler

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

func testDump(t *testing.T, which string) {
	out := to(t, which)
	r := dump(t, out.text(survive(t, "dump all=0"+out.line, out.changes...)))
	stack := header(t, r, report.BareStack)
	// The first frame is that of Dump's caller, and nothing is between.
	var names []string
	for _, frame := range stack.Frames[:6] {
		names = append(names, frame.Name())
	}
	want := "[main.dump.func1 main.funcB main.funcA main.dump main.run main.main]"
	if fmt.Sprint(names) != want || len(r.Threads) != 1 || len(r.GoroutineGroups) != 0 {
		t.Errorf("the stack is %v, want %v:\n%s", names, want, r)
	}
}

func TestFaulthandler_dump_traceback(t *testing.T)      { testDump(t, "stderr") }
func TestFaulthandler_dump_traceback_file(t *testing.T) { testDump(t, "file") }
func TestFaulthandler_dump_traceback_fd(t *testing.T)   { testDump(t, "fd") }

func testDumpThreads(t *testing.T, which string) {
	out := to(t, which)
	r := dump(t, out.text(survive(t, "threads"+out.line, out.changes...)))
	// Python's order is the threads' age; here the one that asks comes first.
	current := header(t, r, report.CurrentThread)
	calls(t, current, "main.threads", "main.main")
	waits := false
	for i := range r.Threads {
		if r.Threads[i].Name() == "waiter" {
			calls(t, &r.Threads[i], "c_waiter")
			waits = true
		}
	}
	goWaits := false
	for i := range r.GoroutineGroups {
		for _, frame := range r.GoroutineGroups[i].Frames {
			goWaits = goWaits || frame.Name() == "main.goWaiter"
		}
	}
	if !waits || !goWaits {
		t.Errorf("a C thread waits: %v, a goroutine: %v:\n%s", waits, goWaits, r)
	}
}

func TestFaulthandler_dump_traceback_threads(t *testing.T)      { testDumpThreads(t, "stderr") }
func TestFaulthandler_dump_traceback_threads_file(t *testing.T) { testDumpThreads(t, "file") }

// The words are Python's; upstream's acceptance regex, with every line in it.
var cLine = regexp.MustCompile(`^(  Binary file ".+"(, at .*(\+|-)0x[0-9a-f]+)? \[0x[0-9a-f]+\])|(<.+>)$`)

func testDumpC(t *testing.T, which string) {
	out := to(t, which)
	written := out.text(survive(t, "dump native=1"+out.line, out.changes...))
	header(t, dump(t, written), report.NativeStack)
	_, body, _ := strings.Cut(written, "\n\n") // behind the process's line
	lines := strings.Split(body, "\n")
	if lines[0] != "Current thread's C stack trace (most recent call first):" {
		t.Errorf("the first line is %q", lines[0])
	}
	n := 0
	for _, line := range lines[1:] {
		if line != "" && !strings.HasPrefix(line, "End of report (") {
			n++
			if !cLine.MatchString(line) {
				t.Errorf("the line %q", line)
			}
		}
	}
	if n < 6 || !strings.Contains(lines[1], "at main.dump.func1+0x") {
		t.Errorf("%d frames:\n%s", n, written)
	}
}

func TestFaulthandler_dump_c_stack(t *testing.T)      { testDumpC(t, "stderr") }
func TestFaulthandler_dump_c_stack_file(t *testing.T) { testDumpC(t, "file") }

// Python's case is named after its builds without the GIL: threads run while they
// are dumped, start and end.
func TestFaulthandler_free_threaded_dump_traceback(t *testing.T) {
	o := survive(t, "stress rounds=100")
	all := dumps(t, o.Stderr)
	if len(all) != 100 {
		t.Errorf("%d dumps of 100", len(all))
	}
	for _, r := range all {
		if r.Answers == nil || r.Answers.Answered+r.Answers.Blocked+r.Answers.Late+r.Answers.Unsendable+r.Answers.Ended+r.Answers.Spared != r.Answers.Total {
			t.Errorf("the threads are not accounted for:\n%s", r)
		}
	}
}
