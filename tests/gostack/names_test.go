//go:build cgo && linux && (amd64 || arm64)

package gostack_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/tests/gostack"
)

func TestMain(m *testing.M) {
	if err := gostack.Init(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestNamesOfAllText asks for PCs all over the text of this binary, some of
// them in every instruction's middle, and expects what the runtime says.
func TestNamesOfAllText(t *testing.T) {
	start, end := gostack.Text()
	checked, inlined := 0, 0
	for pc := start; pc < end-16; pc += 7 { // no function stands behind the last
		// CallersFrames takes return addresses, and adds the calls that
		// the first is inlined into only when another follows.
		frames := runtime.CallersFrames([]uintptr{pc + 1, 1})
		var want []gostack.Function
		next := false
		for more := true; more; {
			var f runtime.Frame
			f, more = frames.Next()
			if f.PC == 0 {
				break
			}
			want = append(want, gostack.Function{Name: shorten(f.Function), File: f.File, Line: f.Line})
			next = next || f.Entry > pc
		}
		if next {
			continue // the last byte before a function: taken for its entry
		}
		callee := uint8(calleePanic)
		got, ok := gostack.Functions(pc, &callee)
		for i := range got {
			got[i].Name = shorten(got[i].Name)
		}
		if ok != (len(want) > 0) || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("PC %#x (text %#x-%#x):\n%v\nwant:\n%v", pc, start, end, got, want)
		}
		checked++
		if len(got) > 1 {
			inlined++
		}
	}
	if checked < 50_000 || inlined < checked/20 {
		t.Errorf("%d PCs, %d with inlined calls: too few to tell", checked, inlined)
	}
	t.Logf("%d PCs, %d with inlined calls", checked, inlined)
}

// shorten hides a difference between Go 1.26 and 1.27, whose rule the core
// follows for both: 1.26 prints "slices.Sorted[...]-range1", 1.27
// "slices.Sorted[...].Collect[...]-range1".
func shorten(name string) string {
	first, last := strings.IndexByte(name, '['), strings.LastIndexByte(name, ']')
	if first < 0 || last < first || !strings.HasPrefix(runtime.Version(), "go1.26") {
		return name
	}
	return name[:first] + name[last+1:]
}

// calleePanic is FuncID_gopanic: CallersFrames shows the innermost function
// even when it is a wrapper, as one is that a panic was called from.
const calleePanic = 10

// TestOddReturns: what C returns to in Go's text is an address in asmcgocall. The functions that ask
// the vDSO for the time call it alone; the scheduler has left their return addresses on g0's
// stack, where frames of C lie later, and a scan must not take one for a caller of C.
func TestOddReturns(t *testing.T) {
	entries := map[string]uintptr{}
	start, end := gostack.Text()
	for pc := start; pc < end; pc += 16 {
		if f := runtime.FuncForPC(pc); f != nil && f.Entry() == pc {
			entries[f.Name()] = pc
		}
	}
	const inside = 8 // behind the first instruction, which is all that matters here
	for name, want := range map[string]struct{ fromC, fromVDSO bool }{
		"runtime.asmcgocall": {false, false},
		"runtime.nanotime1":  {true, false},
		"runtime.walltime":   {true, false},
		"runtime.schedule":   {true, true},
	} {
		to := entries[name]
		if to == 0 {
			if name == "runtime.walltime" { // a program may not need it
				continue
			}
			t.Errorf("%s is not in the text", name)
			continue
		}
		if odd := gostack.ReturnsOddly(gostack.Native(), to+inside); odd != want.fromC {
			t.Errorf("from C to %s: odd is %v", name, odd)
		}
		if gostack.VDSO() == 0 {
			continue
		}
		if odd := gostack.ReturnsOddly(gostack.VDSO(), to+inside); odd != want.fromVDSO {
			t.Errorf("from the vDSO to %s: odd is %v", name, odd)
		}
	}
}
