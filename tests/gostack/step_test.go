//go:build cgo && linux && (amd64 || arm64)

package gostack_test

import (
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/tests/gostack"
)

// stepThrough runs f with a walk after each of its instructions, and expects
// every walk to reach the function at root.
func stepThrough(t *testing.T, root uintptr, border [3]uint64, f func()) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	spareThreads(t)
	gostack.StepBegin(root)
	f()
	gostack.StepEnd()
	check(t, gostack.LastSteps(), border)
}

// check expects at least so many instructions of asmcgocall, cgocallback and
// crosscall2, which is every one on the way.
func check(t *testing.T, s gostack.Steps, border [3]uint64) {
	t.Helper()
	if s.Err != nil {
		t.Fatalf("no single steps: %v", s.Err)
	}
	t.Logf("%d steps: %d reached the root, %d while the goroutine was parked, %d failed; border %d", s.Total, s.Reached, s.Parked, s.Failed, s.Border)
	if s.Total < 200 || s.Reached+s.Parked+s.Failed != s.Total {
		t.Errorf("implausible counts")
	}
	for i := range border {
		if s.Border[i] < border[i] {
			t.Errorf("border %d: %d instructions, not %d", i, s.Border[i], border[i])
		}
	}
	if s.Failed > 0 {
		t.Errorf("%d of %d walks did not reach the root", s.Failed, s.Total)
	}
	if s.Jumped > 0 {
		t.Errorf("%d jumps", s.Jumped)
	}
	for _, j := range s.Jumps[:min(len(s.Jumps), 6)] {
		for _, w := range j {
			all, _ := names(t, w)
			t.Logf("at %#x, stop %d:\n\t%s", w.Frames[0].PC, w.Stop, strings.Join(all, "\n\t"))
		}
	}
	told := map[uintptr]bool{}
	for _, w := range s.Failures {
		if pc := w.Frames[0].PC; !told[pc] {
			told[pc] = true
			t.Logf("at %#x, stop %d: %s", pc, w.Stop, trace(t, w))
		}
	}
}

// trace is the frames of a walk in a line, with how each was found.
func trace(t *testing.T, w gostack.Walk) string {
	t.Helper()
	all, _ := names(t, w)
	line := strings.Join(all, " < ") + ";"
	for _, f := range w.Frames {
		line += fmt.Sprintf(" %#x/%d", f.PC, f.How)
	}
	return line
}

// spareThreads leaves the runtime with idle threads, so that it makes none while
// one is stepped through: a new thread inherits the trap flag, and has every
// signal blocked at first, so the trap would kill.
func spareThreads(t *testing.T) {
	t.Helper()
	const n = 8
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		t.Fatal(err)
	}
	var about, done sync.WaitGroup
	for range n {
		about.Add(1)
		done.Go(func() {
			about.Done()
			_, _ = syscall.Read(pipe[0], make([]byte, 1)) // keeps a thread
		})
	}
	about.Wait()
	_ = syscall.Close(pipe[1])
	done.Wait()
	_ = syscall.Close(pipe[0])
}

func entry(f any) uintptr { return reflect.ValueOf(f).Pointer() }

// Entry to and exit from C, with everything that cgocall does.
func TestStepThroughCall(t *testing.T) {
	stepThrough(t, entry(TestStepThroughCall), [3]uint64{60, 0, 0}, gostack.Nop)
}

// Out of C into a callback, out of there into C, and all the way back.
func TestStepThroughCallback(t *testing.T) {
	gostack.CallGo(gostack.Nop) // draws a seed, in assembly that has another use for LR
	stepThrough(t, entry(TestStepThroughCallback), [3]uint64{90, 50, 25}, func() { gostack.CallGoByRegisters(gostack.Nop) })
}

// The same on a thread that C made: each walk reaches the thread's function.
func TestStepThroughCallbackOfThread(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	spareThreads(t)
	if err := gostack.OnThreadStepping(gostack.Nop); err != nil {
		t.Fatal(err)
	}
	check(t, gostack.LastSteps(), [3]uint64{30, 50, 25})
}

//go:noinline
func work() int {
	start := time.Now()
	block := make([]byte, 40<<10)
	func() {
		defer func() { _ = recover() }()
		var none *int
		*none = 1
	}()
	gostack.Nop()
	return grow(6) + len(block) + int(time.Since(start))
}

//go:noinline
func grow(n int) int {
	var room [1 << 10]byte
	if n > 0 {
		room[n] = byte(grow(n - 1))
	}
	return int(room[n])
}

// Go code that changes stacks: clock (vDSO), allocation (systemstack), a
// recovered fault (sigpanic), stack growth (morestack), and calls of C.
func TestStepThroughGo(t *testing.T) {
	stepThrough(t, entry(TestStepThroughGo), [3]uint64{60, 0, 0}, func() { work() })
}

// The runtime's signal handler, called by one in C as a chain of handlers does:
// from sigtramp back into C, through the signal frame, and on.
func TestStepThroughSignalHandler(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := gostack.StepGoHandler(entry(TestStepThroughSignalHandler)); err != nil {
		t.Fatal(err)
	}
	check(t, gostack.LastSteps(), [3]uint64{})
}
