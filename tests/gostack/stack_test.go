//go:build cgo && linux && (amd64 || arm64)

package gostack_test

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/epitaph-go/epitaph/tests/gostack"
)

// line is a frame as the tests compare it.
func line(name, file string, line int) string {
	return fmt.Sprintf("%s %s:%d", name, file[strings.LastIndexByte(file, '/')+1:], line)
}

// border are the functions that only one of the two sides sees: the runtime's
// walk of a goroutine skips the C code between two Go parts.
var border = []string{"crosscall2", "runtime.asmcgocall", "runtime.systemstack_switch"}

// callers is what the runtime says of the stack of its caller's caller.
func callers(skip int) (lines []string) {
	pcs := make([]uintptr, 200)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(skip+1, pcs)])
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if !isBorder(f.Function) {
			lines = append(lines, line(f.Function, f.File, f.Line))
		}
	}
	return lines
}

func isBorder(name string) bool { return slices.Contains(border, name) }

// names are the functions of a walk, those of C as "C" once per run.
func names(t testing.TB, w gostack.Walk) (all, goLines []string) {
	t.Helper()
	var callee uint8
	for _, f := range w.Frames {
		if f.Flags&gostack.FlagGo == 0 {
			if len(all) == 0 || all[len(all)-1] != "C" {
				all = append(all, "C")
			}
			callee = 0
			continue
		}
		pc := f.PC
		if f.Flags&gostack.FlagExact == 0 {
			pc--
		}
		functions, ok := gostack.Functions(pc, &callee)
		if !ok {
			t.Fatalf("no function at Go PC %#x", f.PC)
		}
		for _, fn := range functions {
			all = append(all, fn.Name)
			if !isBorder(fn.Name) {
				goLines = append(goLines, line(fn.Name, fn.File, fn.Line))
			}
		}
	}
	return all, goLines
}

// sameGo compares the Go part of the newest walk from function on with what
// the runtime said.
func sameGo(t *testing.T, function string, want []string) {
	t.Helper()
	w := gostack.Last()
	all, got := names(t, w)
	i := slices.IndexFunc(got, func(s string) bool { return strings.HasPrefix(s, function+" ") })
	if i < 0 {
		t.Fatalf("no %s in the walk:\n%s", function, strings.Join(all, "\n"))
	}
	if got = got[i:]; !slices.Equal(got, want) {
		t.Errorf("walked:\n%s\n\nthe runtime has:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, f := range w.Frames {
		if f.How >= gostack.HowReturn {
			t.Errorf("a guessed frame: %+v", f)
		}
	}
}

const pkg = "github.com/epitaph-go/epitaph/tests/gostack_test."

//go:noinline
func goCallsC() (want []string) {
	want, _ = callers(1), here()
	return want
}

//go:noinline
func here() int { gostack.Here(); return 0 }

func TestGoToC(t *testing.T) {
	want := goCallsC()
	sameGo(t, pkg+"goCallsC", want)
	w := gostack.Last()
	if !w.Crossed || w.Stop != gostack.StopOutermost {
		t.Errorf("crossed %v, stop %d", w.Crossed, w.Stop)
	}
	all, _ := names(t, w)
	if all[0] != "C" || all[1] != "runtime.asmcgocall" || all[len(all)-1] != "runtime.goexit" {
		t.Errorf("%q", all)
	}
}

func TestGoToCToGoToC(t *testing.T) {
	var want []string
	gostack.CallGo(func() { want = goCallsC() })
	sameGo(t, pkg+"goCallsC", want)
	all, _ := names(t, gostack.Last())
	want = []string{"C", "runtime.asmcgocall", "C", "runtime.asmcgocall"}
	var got []string
	for _, name := range all {
		if slices.Contains(want, name) {
			got = append(got, name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("borders %q in\n%s", got, strings.Join(all, "\n"))
	}
	cross := slices.Index(all, "crosscall2")
	if cross < 2 || all[cross-1] != "runtime.cgocallback" || all[cross+1] != "C" {
		t.Errorf("crosscall2 at %d of\n%s", cross, strings.Join(all, "\n"))
	}
}

// The goroutine's stack is copied to another place while C waits for the
// callback: the frame pointer that C keeps for it is stale then.
func TestGoToCToGoOnMovedStack(t *testing.T) {
	// A collection may shrink the stack, and so move it once more after the walk.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var want []string
	gostack.CallGo(func() { want = deep(16) })
	sameGo(t, pkg+"goCallsC", want)

	// A stale frame pointer would lead to the same functions on the stack as
	// it was: what is left there need not have been overwritten yet.
	var anchor byte
	here := uintptr(unsafe.Pointer(&anchor))
	for _, f := range gostack.Last().Frames {
		var callee uint8
		functions, ok := gostack.Functions(f.PC-1, &callee)
		if !ok || len(functions) == 0 || functions[len(functions)-1].Name != pkg+t.Name() {
			continue
		}
		if f.SP > here || here-f.SP > 4096 {
			t.Errorf("the test's frame is at %#x, was walked at %#x", here, f.SP)
		}
		return
	}
	t.Error("the test's frame was not walked")
}

func TestCalleeSavedRegistersOfC(t *testing.T) {
	var want []string
	gostack.CallGoByRegisters(func() { want = goCallsC() })
	sameGo(t, pkg+"goCallsC", want)
	functions := gostack.ByRegisters()
	next := 0
	for _, f := range gostack.Last().Frames {
		if next < len(functions) && f.PC > functions[next] && f.PC < functions[next]+32 {
			next++
		}
	}
	if next < len(functions) {
		t.Errorf("walked through %d of %d frames", next, len(functions))
	}
}

//go:noinline
func deep(n int) []string {
	var room [8 << 10]byte
	if n == 0 {
		return goCallsC()
	}
	want := deep(n - 1)
	room[n%len(room)]++
	runtime.KeepAlive(&room)
	return want
}

func TestThreadOfCToGoToC(t *testing.T) {
	var want []string
	if err := gostack.OnThread(func() { want = goCallsC() }); err != nil {
		t.Fatal(err)
	}
	w := gostack.Last()
	all, got := names(t, w)
	// The runtime ends with the frame that begins every goroutine; the core
	// goes on into C there.
	want = slices.DeleteFunc(want, func(s string) bool { return strings.HasPrefix(s, "runtime.goexit ") })
	i := slices.IndexFunc(got, func(s string) bool { return strings.HasPrefix(s, pkg+"goCallsC ") })
	if i < 0 || !slices.Equal(got[i:], want) {
		t.Errorf("walked:\n%s\n\nthe runtime has:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n := len(all); all[n-1] != "C" || all[n-2] != "crosscall2" {
		t.Errorf("%q", all)
	}
	if w.Stop != gostack.StopOutermost || !throughC(w, gostack.ThreadRoot()) {
		t.Errorf("stop %d; the thread's function is not in %x", w.Stop, w.Frames)
	}
}

// throughC: does w pass through the C function at pc?
func throughC(w gostack.Walk, pc uintptr) bool {
	return slices.ContainsFunc(w.Frames, func(f gostack.Frame) bool { return f.PC >= pc && f.PC < pc+64 })
}

// A deferred function runs on top of the runtime's frames of the panic, which
// stand on the frame that faulted, at the instruction that faulted.
func TestBelowSigpanic(t *testing.T) {
	var none *struct{ x, y int }
	var nilFunc func()
	for name, fault := range map[string]func(){
		"nil":      func() { none.y = 1 },
		"nil func": func() { nilFunc() },
	} {
		t.Run(name, func(t *testing.T) {
			var want []string
			func() {
				defer func() {
					want, _ = callers(1), here()
					_ = recover()
				}()
				fault()
			}()
			if !slices.ContainsFunc(want, func(s string) bool { return strings.HasPrefix(s, "runtime.sigpanic ") }) {
				t.Fatalf("no sigpanic in:\n%s", strings.Join(want, "\n"))
			}
			function, _, _ := strings.Cut(want[0], " ")
			sameGo(t, function, want)
		})
	}
}

type shape interface{ area() []string }
type square struct{ side int }

//go:noinline
func (s square) area() []string { return goCallsC() }

// The wrapper (*square).area that the compiler makes is on the stack, and in
// neither list.
func TestWrappersAreLeftOut(t *testing.T) {
	var s shape = &square{1}
	want := s.area()
	sameGo(t, pkg+"goCallsC", want)
	if len(want) < 3 || !strings.Contains(want[1], "square.area ") || !strings.Contains(want[2], "TestWrappers") {
		t.Errorf("%q", want)
	}
}

func TestFramePointersOnly(t *testing.T) {
	gostack.SetTables(false)
	defer gostack.SetTables(true)
	var want []string
	gostack.CallGo(func() { want = goCallsC() })
	all, got := names(t, gostack.Last())
	if runtime.GOARCH == "arm64" {
		// asmcgocall has g0's frame pointer, and what it leaves on the stack cannot be told without tables.
		if !slices.Equal(all, []string{"C", "runtime.asmcgocall"}) {
			t.Errorf("walked:\n%s", strings.Join(all, "\n"))
		}
		return
	}
	i := slices.IndexFunc(got, func(s string) bool { return strings.HasPrefix(s, pkg+"goCallsC ") })
	// No frame pointer leads to goexit.
	if i < 0 || !slices.Equal(got[i:], want[:len(want)-1]) {
		t.Errorf("walked:\n%s\n\nthe runtime has:\n%s", strings.Join(all, "\n"), strings.Join(want, "\n"))
	}
	for _, f := range gostack.Last().Frames {
		if f.Flags&gostack.FlagGo != 0 && f.How == gostack.HowGo {
			t.Errorf("not marked as found by frame pointer: %+v", f)
		}
	}
}

// TestRandomRegisters: no register set makes a walk fault or go on for ever.
// Most begin in the functions that have rules of their own.
func TestRandomRegisters(t *testing.T) {
	special := specialFunctions(t)
	start := time.Now()
	frames := gostack.Random(special, 20_000)
	t.Logf("%d special functions, %d frames in %v", len(special), frames, time.Since(start))
	if len(special) < 12 {
		t.Errorf("only %d special functions found", len(special))
	}
}

// specialFunctions finds them by their names in all of the text.
func specialFunctions(t *testing.T) (entries []uintptr) {
	t.Helper()
	special := map[string]bool{"crosscall2": true, "gogo": true, "time.now": true}
	for _, name := range strings.Fields("sigpanic asyncPreempt debugCallV2 asmcgocall asmcgocall_no_g cgocallback " +
		"sigtramp systemstack mcall morestack nanotime1 goexit mstart rt0_go sigfwd callCgoSigaction") {
		special["runtime."+name] = true
	}
	start, end := gostack.Text()
	previous := ""
	for pc := start; pc < end; pc += 16 {
		var callee uint8 = calleePanic
		functions, _ := gostack.Functions(pc, &callee)
		if len(functions) == 0 {
			continue
		}
		if name := functions[len(functions)-1].Name; name != previous {
			previous = name
			if special[name] {
				entries = append(entries, pc)
			}
		}
	}
	return entries
}

// BenchmarkWalk is the time of a walk through 30 frames of Go and 4 of C.
func BenchmarkWalk(b *testing.B) {
	var d time.Duration
	frames := 0
	recurse(20, func() {
		d = gostack.Measure(2000)
		frames = len(gostack.Last().Frames)
	})
	b.ReportMetric(float64(d.Nanoseconds())/float64(frames), "ns/frame")
	b.ReportMetric(float64(frames), "frames")
	b.ReportMetric(0, "ns/op")
}

//go:noinline
func recurse(n int, f func()) {
	if n == 0 {
		f()
		return
	}
	recurse(n-1, f)
}
