//go:build linux && amd64 && cgo

package threads

import (
	"bufio"
	"bytes"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// gdbFrame is a line of a backtrace: "#1  0x00007f0a in futex (…) at …".
// Inlined calls, and a call that stands at the start of a line, have no address.
type gdbFrame struct {
	pc       report.Word
	function string
}

var (
	gdbThread = regexp.MustCompile(`^Thread \d+ \(.*LWP (\d+)\)`)
	gdbLine   = regexp.MustCompile(`^#\d+ +(?:(0x[0-9a-f]+) in )?(\S+) `)
)

// gdbStacks attaches a debugger to a process, by call frame information alone:
// with libc's debug information it would show tail calls, which no unwinder sees.
func gdbStacks(t *testing.T, pid int) map[int][]gdbFrame {
	t.Helper()
	out, err := exec.Command("gdb", "-nx", "-batch", "-p", strconv.Itoa(pid),
		"-iex", "set debug-file-directory /nonexistent", "-iex", "set auto-load off",
		"-ex", "set print frame-arguments none", "-ex", "set width 0",
		"-ex", "thread apply all backtrace").CombinedOutput()
	if err != nil {
		t.Fatalf("gdb: %v\n%s", err, out)
	}
	if bytes.Contains(out, []byte("ptrace: Operation not permitted")) {
		t.Skip("this machine does not let gdb attach")
	}
	stacks := make(map[int][]gdbFrame)
	tid := 0
	for line := range strings.Lines(string(out)) {
		if m := gdbThread.FindStringSubmatch(line); m != nil {
			if tid, err = strconv.Atoi(m[1]); err != nil {
				t.Fatal(err)
			}
		} else if m := gdbLine.FindStringSubmatch(line); m != nil {
			pc, _ := strconv.ParseUint(m[1], 0, 64)
			stacks[tid] = append(stacks[tid], gdbFrame{report.Word(pc), strings.TrimSuffix(m[2], ".abi0")})
		}
	}
	return stacks
}

// equalStacks compares what both unwinders say of one thread. In a C stack all
// physical frames must be there, with the same PCs; Go frames have no PC in a
// report, so theirs are compared by name, inlined calls included.
//
// Three differences are explained. A thread that answers from a system call
// which goes on afterwards stands at the instruction of the call, which is to be
// executed again, and for gdb behind it. Go's scheduler threads end at mstart or mcall,
// where the stack ends by Go's own rules; gdb goes on by guessing. And a list
// that the report cut after the part that all idle threads have in common has
// fewer frames.
func equalStacks(ours *report.Thread, theirs []gdbFrame) bool {
	at := 0
	for _, frame := range ours.Frames {
		switch frame.Kind {
		case report.SeenFromOutside:
			continue
		case report.CutFrames:
			return at > 0
		case report.BinaryFrame:
			for at > 0 && at < len(theirs) && theirs[at].pc == 0 {
				at++ // an inlined call, or the function that it is in
			}
			if at == len(theirs) || !samePlace(frame, theirs[at], at == 0) {
				return false
			}
		case report.SourceFrame:
			if at == len(theirs) || theirs[at].function != frame.Func {
				return false
			}
		default:
			return false
		}
		at++
	}
	if len(ours.Frames) > 0 && strings.HasPrefix(ours.Frames[len(ours.Frames)-1].Func, "runtime.m") {
		return true
	}
	for at < len(theirs) && theirs[at].pc == 0 && theirs[at].function != "??" {
		at++
	}
	return at == len(theirs)
}

func samePlace(ours report.Frame, theirs gdbFrame, innermost bool) bool {
	const syscallInstruction = 2 // bytes
	if theirs.pc == 0 {
		return theirs.function == ours.Func
	}
	return theirs.pc == ours.PC || innermost && theirs.pc == ours.PC+syscallInstruction
}

// The stacks of a dump are those that gdb finds in the same process.
func TestStacksAgreeWithGdb(t *testing.T) {
	if _, err := exec.LookPath("gdb"); err != nil {
		t.Skip(err)
	}
	n := 200
	if victim.Full {
		n = 1000
	}
	c := program.Start(t, "gdb "+strconv.Itoa(n), victim.Talk, victim.Limit(2*limit))
	var lines strings.Builder
	for scanner := bufio.NewScanner(c.Out); scanner.Scan() && scanner.Text() != "dumped"; {
		lines.WriteString(scanner.Text() + "\n")
	}
	stacks := gdbStacks(t, c.Cmd.Process.Pid)
	c.In.Close()
	out := c.Wait()
	if !out.IsExit(0) {
		t.Fatal(out)
	}

	reports := parse(t, out.Stderr)
	if len(reports) != 1 {
		t.Fatalf("%d dumps: %v", len(reports), out)
	}
	accounted(t, reports[0])
	ours := byTID(t, reports[0])
	functions := parked(t, &victim.Outcome{Stdout: lines.String()}, n)
	compared, different, moved := 0, 0, 0
	for tid, theirs := range stacks {
		thread := ours[tid]
		switch {
		case thread == nil && functions[tid] != "":
			t.Errorf("thread %d is not in the dump", tid)
		case thread == nil || thread.Current() || thread.Name() == "epitaph" || len(thread.Frames) == 0:
			continue // new since, or known to be elsewhere by now
		case functions[tid] == "" && !equalStacks(thread, theirs):
			moved++ // a thread of Go's, which lives its own life: polled, slept, woke
			t.Logf("thread %d %q\nours:   %v\ngdb's: %v", tid, thread.Name(), thread.Frames, theirs)
		default:
			compared++
			if !equalStacks(thread, theirs) {
				different++
				t.Errorf("the parked thread %d %q differs\nours:   %v\ngdb's: %v", tid, thread.Name(), thread.Frames, theirs)
			}
		}
	}
	t.Logf("%d of %d stacks differ; %d more threads had moved", different, compared, moved)
	if compared < n || moved > 10 {
		t.Errorf("%d stacks compared, %d threads had moved, of %d threads", compared, moved, n)
	}
}
