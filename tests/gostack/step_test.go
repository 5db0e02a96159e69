//go:build cgo && linux && amd64

package gostack_test

import (
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/tests/gostack"
)

// stepThrough runs f with a walk after each of its instructions, and expects
// every walk to reach the function at root.
func stepThrough(t *testing.T, root uintptr, f func()) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	gostack.StepBegin(root)
	f()
	gostack.StepEnd()
	check(t, gostack.LastSteps())
}

func check(t *testing.T, s gostack.Steps) {
	t.Helper()
	t.Logf("%d steps: %d reached the root, %d while the goroutine was parked, %d failed", s.Total, s.Reached, s.Parked, s.Failed)
	if s.Total < 200 || s.Reached+s.Parked+s.Failed != s.Total {
		t.Errorf("implausible counts")
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
	for _, w := range s.Failures[:min(len(s.Failures), 6)] {
		all, _ := names(t, w)
		t.Logf("at %#x, stop %d:\n\t%s", w.Frames[0].PC, w.Stop, strings.Join(all, "\n\t"))
	}
}

func entry(f any) uintptr { return reflect.ValueOf(f).Pointer() }

// Entry to and exit from C, with everything that cgocall does.
func TestStepThroughCall(t *testing.T) {
	stepThrough(t, entry(TestStepThroughCall), gostack.Nop)
}

// Out of C into a callback, out of there into C, and all the way back.
func TestStepThroughCallback(t *testing.T) {
	stepThrough(t, entry(TestStepThroughCallback), func() { gostack.CallGoByRegisters(gostack.Nop) })
}

// The same on a thread that C made: each walk reaches the thread's function.
func TestStepThroughCallbackOfThread(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	if err := gostack.OnThreadStepping(gostack.Nop); err != nil {
		t.Fatal(err)
	}
	check(t, gostack.LastSteps())
}

//go:noinline
func work(n int) int {
	start := time.Now()
	m := map[int][]byte{}
	for i := range 3 {
		m[i] = make([]byte, 100*i)
	}
	func() {
		defer func() { _ = recover() }()
		var none *int
		*none = 1
	}()
	return len(deep(n)) + int(time.Since(start)) + len(m)
}

// Go code that changes stacks: clock (vDSO), allocation (systemstack), a
// recovered fault (sigpanic), stack growth (morestack), and calls of C.
func TestStepThroughGo(t *testing.T) {
	stepThrough(t, entry(TestStepThroughGo), func() { work(2) })
}
