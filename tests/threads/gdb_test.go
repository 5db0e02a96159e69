//go:build linux && (amd64 || arm64) && cgo

package threads

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	goWrapper = regexp.MustCompile(`\.(go|defer)wrap\d+$`)
	gdbLine   = regexp.MustCompile(`^#\d+ +(?:(0x[0-9a-f]+) in )?(\S+) `)
)

// gdbStacks has a debugger look at a process, or at the core file of one, by call
// frame information alone: with libc's debug information it would show tail calls,
// which no unwinder sees.
func gdbStacks(t testing.TB, target ...string) map[int][]gdbFrame {
	t.Helper()
	args := []string{"-nx", "-batch",
		"-iex", "set debug-file-directory /nonexistent", "-iex", "set auto-load off",
		"-ex", "set print frame-arguments none", "-ex", "set width 0",
		"-ex", "thread apply all backtrace"}
	out, err := exec.Command("gdb", append(args, target...)...).CombinedOutput()
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
// Four differences are explained. A thread that answers from a system call
// which goes on afterwards stands at the instruction of the call, which is to be
// executed again, and for gdb behind it. Go's scheduler threads end at mstart or mcall,
// and goroutines at goexit, where the stack ends by Go's own rules; gdb goes on by
// guessing. Functions that the compiler made for a go statement are no calls of
// the program, and no traceback of Go's has them. And a list that the report cut after the part that all idle threads have in common has
// fewer frames.
func equalStacks(ours *report.Thread, theirs []gdbFrame) bool {
	at := 0
	for _, frame := range ours.Frames {
		kind := frame.Kind
		if kind == report.SourceFrame && frame.PC != 0 {
			if frame.Inlined {
				continue
			}
			kind = report.BinaryFrame // C, whose frames have their PC
		}
		switch kind {
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
			for at < len(theirs) && goWrapper.MatchString(theirs[at].function) {
				at++
			}
			if at == len(theirs) || theirs[at].function != frame.Func {
				return false
			}
		default:
			return false
		}
		at++
	}
	if n := len(ours.Frames); n > 0 {
		if last := ours.Frames[n-1].Func; strings.HasPrefix(last, "runtime.m") || last == "runtime.goexit" {
			return true
		}
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
	victim.NeedTools(t, "gdb")
	n := 200
	if victim.Full {
		n = 1000
	}
	c, said := startDumped(t, "gdb", n)
	stacks := gdbStacks(t, "-p", strconv.Itoa(c.Cmd.Process.Pid))
	c.In.Close()
	out := c.Wait()
	if !out.IsExit(0) {
		t.Fatal(out)
	}

	reports := parse(t, out.Stderr)
	if len(reports) != 1 {
		t.Fatalf("%d dumps: %v", len(reports), out)
	}
	agree(t, reports[0], stacks, parked(t, &victim.Outcome{Stdout: said}, n))
}

// underGdb runs the victim under gdb, which prints the signals that it would stop at, and
// returns how many there were of each, and how the victim ended.
func underGdb(t *testing.T, args ...string) (signals map[string]int, end string) {
	t.Helper()
	gdb := []string{"-nx", "-batch", "-iex", "set debug-file-directory /nonexistent", "-iex", "set auto-load off",
		"-ex", "handle all nostop print pass", "-ex", "handle SIGURG noprint", "-ex", "run", "--args", program.Path(t)}
	ctx, cancel := context.WithTimeout(t.Context(), 2*limit)
	defer cancel()
	out, err := exec.CommandContext(ctx, "gdb", append(gdb, args...)...).CombinedOutput()
	if bytes.Contains(out, []byte("Operation not permitted")) {
		t.Skip("this machine does not let gdb trace")
	}
	if err != nil {
		t.Fatalf("gdb: %v\n%s", err, out)
	}
	signals = make(map[string]int)
	for _, m := range regexp.MustCompile(`received signal (\w+)`).FindAllSubmatch(out, -1) {
		signals[string(m[1])]++
	}
	m := regexp.MustCompile(`(?m)exited normally|exited with code \d+|terminated with signal \w+`).Find(out)
	if m == nil {
		t.Fatalf("no end in:\n%s", out)
	}
	return signals, string(m)
}

// A debugger does not stop at reads of memory that is not there: a healthy program that
// dumps gets no SIGSEGV, and one that aborts meanwhile dies of its own signal.
func TestNoFaultsUnderGdb(t *testing.T) {
	victim.NeedTools(t, "gdb")
	if signals, end := underGdb(t, "traced"); end != "exited normally" || signals["SIGSEGV"]+signals["SIGBUS"] != 0 {
		t.Errorf("%s, with the signals %v", end, signals)
	}
	runs := 1
	if victim.Full {
		runs = 30
	}
	for range runs {
		if signals, end := underGdb(t, "traced", "20"); end != "terminated with signal SIGABRT" ||
			signals["SIGSEGV"]+signals["SIGBUS"] != 0 || signals["SIGABRT"] == 0 {
			t.Errorf("%s, with the signals %v", end, signals)
		}
	}
}

// startDumped starts a scenario with n threads that stays as it is, after a dump,
// until its input is closed, and returns what it has said.
func startDumped(t testing.TB, scenario string, n int) (c *victim.Child, said string) {
	t.Helper()
	c = program.Start(t, fmt.Sprint(scenario, " ", n), victim.Talk, victim.Limit(2*limit))
	for line := c.Line(); line != "dumped"; line = c.Line() {
		said += line + "\n"
	}
	return c, said
}

// The stacks of a crash report are those in the core file that the process leaves.
func TestStacksAgreeWithCore(t *testing.T) {
	victim.NeedTools(t, "gdb")
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil || strings.ContainsAny(string(pattern), "|/") || strings.TrimSpace(string(pattern)) == "" {
		t.Skipf("core files go elsewhere: pattern %q, %v", pattern, err)
	}
	n := 200
	if victim.Full {
		n = 1000
	}
	dir := t.TempDir()
	r, out := crash(t, fmt.Sprintf("park %d", n), victim.Under("sh", "-c", `ulimit -c unlimited && exec "$@"`, "sh"),
		func(c *victim.Child) { c.Cmd.Dir = dir })
	if !out.Status.CoreDump() {
		t.Skip("this machine writes no core files")
	}
	cores, err := filepath.Glob(filepath.Join(dir, "core*"))
	if err != nil || len(cores) != 1 {
		t.Fatalf("core files: %v, %v", cores, err)
	}
	agree(t, r, gdbStacks(t, program.Path(t), cores[0]), parked(t, out, n))
}

// agree compares all stacks. functions are those of the threads that wait for
// good; Go's own threads may have gone on in between.
func agree(t *testing.T, r *report.Report, stacks map[int][]gdbFrame, functions map[int]string) {
	t.Helper()
	accounted(t, r)
	ours := byTID(t, r)
	compared, different, moved := 0, 0, 0
	for tid, theirs := range stacks {
		thread := ours[tid]
		switch {
		case thread == nil && functions[tid] != "":
			t.Errorf("thread %d is not in the report", tid)
		case thread == nil || thread.Current() || thread.Name() == "epitaph" || len(thread.Frames) == 0:
			continue // new since, or known to be elsewhere by now
		case functions[tid] == "" && !equalStacks(thread, theirs):
			moved++ // a Go thread, which lives its own life: polled, slept, woke
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
	if compared < len(functions) || moved > 10 {
		t.Errorf("%d stacks compared, %d threads had moved, of %d threads", compared, moved, len(functions))
	}
}
