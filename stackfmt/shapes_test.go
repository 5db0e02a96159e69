package stackfmt_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// The shapes of the libraries' errors, which tests/peers tests with the libraries
// themselves.
type (
	plainErr     struct{ pcs []uintptr }
	typedPC      uintptr
	typedStack   []typedPC
	typedErr     struct{ plainErr }
	callersErr   struct{ plainErr }
	pcFramesErr  struct{ plainErr }
	rtFramesErr  struct{ plainErr }
	otherErr     struct{ plainErr }
	argumentErr  struct{ plainErr }
	hintErr      struct{ plainErr }
	funcErr      func() string
	errorByPiece map[string]bool
)

func (e plainErr) Error() string             { return "shape" }
func (e typedErr) StackTrace() typedStack    { return toTyped(e.pcs) }
func (e callersErr) Callers() []uintptr      { return e.pcs }
func (e pcFramesErr) StackFrames() []uintptr { return e.pcs }
func (e otherErr) StackTrace() []string      { return []string{"no addresses"} }
func (e argumentErr) StackTrace(int) []uintptr {
	return e.pcs
}
func (e hintErr) ErrorHint() string   { return "try again" }
func (e hintErr) ErrorDetail() string { return "row 7" }
func (e hintErr) Notes() []string     { return []string{"note"} }
func (f funcErr) Error() string       { return f() }
func (m errorByPiece) Error() string  { return fmt.Sprint(len(m)) }
func (m errorByPiece) Unwrap() error  { return m }

// StackFrames cuts the names, as samber/oops does.
func (e rtFramesErr) StackFrames() []runtime.Frame {
	var list []runtime.Frame
	frames := runtime.CallersFrames(e.pcs)
	for {
		f, more := frames.Next()
		f.File = f.File[strings.LastIndexByte(f.File, '/')+1:]
		f.Function = f.Function[strings.LastIndexByte(f.Function, '.')+1:]
		f.Func, f.Entry = nil, 0
		list = append(list, f)
		if !more {
			return append(list, runtime.Frame{Function: "gone", File: "gone.go", Line: 1})
		}
	}
}

func toTyped(pcs []uintptr) (s typedStack) {
	for _, pc := range pcs {
		s = append(s, typedPC(pc))
	}
	return s
}

func TestErrorShapes(t *testing.T) {
	base := plainErr{here()}
	const self = "github.com/epitaph-go/epitaph/stackfmt_test.TestErrorShapes"
	for _, err := range []error{typedErr{base}, callersErr{base}, pcFramesErr{base}, rtFramesErr{base}} {
		st := stackfmt.FromError(err).Stack
		if len(st) < 2 {
			t.Errorf("%T: %d frames", err, len(st))
			continue
		}
		inner := st[len(st)-1]
		if inner.Func != self || !strings.Contains(inner.File, "/shapes_test.go") {
			t.Errorf("%T: innermost frame %+v", err, inner)
		}
		if _, ok := err.(rtFramesErr); ok && st[0].Func != "gone" {
			t.Errorf("%T: first frame %+v", err, st[0])
		}
	}
	for _, err := range []error{base, otherErr{base}, argumentErr{base}, pcFramesErr{plainErr{base.pcs[:1]}}} {
		if st := stackfmt.FromError(err).Stack; len(st) != 0 {
			t.Errorf("%T: %d frames", err, len(st))
		}
	}
	if got := treeText(stackfmt.FromError(hintErr{base})); got != "stackfmt_test.hintErr=shape !note !row 7 !hint: try again" {
		t.Error(got)
	}
	if got := treeText(stackfmt.FromError(funcErr(func() string { return "f" }))); got != "stackfmt_test.funcErr=f" {
		t.Error(got)
	}
	if got := treeText(stackfmt.FromError(errorByPiece{})); got != "stackfmt_test.errorByPiece=0 <- stackfmt_test.errorByPiece=0<cycle>" {
		t.Error(got)
	}
}

// TestPrintReusesMemory: what is printed with reused memory is what FromError
// gives, at any size of the tree, and from several goroutines at once.
func TestPrintReusesMemory(t *testing.T) {
	var list []error
	for _, n := range []int{1, 40, 70, 300, 2000} {
		err := deepWrap(n)
		list = append(list, err, stackfmt.Wrap(fmt.Errorf("outer: %w", deepWrap(n/2+1)), "again"))
	}
	list = append(list, nil, io.EOF, errors.Join(list...))
	want := make([]string, len(list))
	for i, err := range list {
		want[i] = stackfmt.FromError(err).String()
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				for i, err := range list {
					if got := string(stackfmt.AppendError(nil, err)); got != want[i] {
						t.Errorf("error %d: %d bytes, want %d", i, len(got), len(want[i]))
					}
				}
			}
		})
	}
	wg.Wait()
	kept := map[string]string{"a": "1"}
	locals := stackfmt.WithLocals(func(stackfmt.Frame) map[string]string { return kept })
	if got := string(stackfmt.AppendError(nil, list[0], locals)); !strings.Contains(got, "a = 1") {
		t.Errorf("no locals in\n%s", got)
	}
	if got := string(stackfmt.AppendError(nil, list[0])); got != want[0] {
		t.Errorf("locals of another call in\n%s", got)
	}
}

// TestParseGoroutinesMalformed: lines that only look like the runtime's are kept
// as they are.
func TestParseGoroutinesMalformed(t *testing.T) {
	for _, line := range []string{
		"goroutine 1 m=x [running]:",
		"goroutine 1 zz=1 [running]:",
		"[signal SIGSEGV: segmentation violation code=0x1 addr=0x0]",
		"[signal SIGSEGV: x code=0x1 addr=0x0 pc=0xzz]",
		"[signal SIGSEGV",
		"SIG: x",
		"SIGfoo: x",
		"Exception 0xc0000005 0x1",
		"Exception 0xc0000005 0x1 0x2 0x3 0x4",
		"Exception zero",
		"fatal error: ",
		"rax    0x1",
		"  indented",
	} {
		d := stackfmt.ParseGoroutines([]byte(line + "\n"))
		if len(d.Unknown) != 1 || d.Unknown[0] != (stackfmt.DumpLine{Number: 1, Text: line}) {
			t.Errorf("%q: %+v", line, d)
		}
	}
	for _, line := range []string{
		"...x frames elided...",
		"...0 frames elided...",
		"...5 frames",
		"[originating from goroutine x]:",
		"[originating from goroutine 1",
		"non-Go function at pc=0xzz",
		"created by nobody",
		"main.f(0x1)",
		"\t/x.go:1 +0x1",
		"\t/x.go:99999999999 +0x1",
		"\t/x.go: +0x1",
		"\tfp=0x1",
	} {
		d := stackfmt.ParseGoroutines([]byte("goroutine 1 [running]:\n" + line + "\n"))
		if len(d.Unknown) != 1 || d.Unknown[0] != (stackfmt.DumpLine{Number: 2, Text: line}) || len(d.Goroutines) != 1 || len(d.Goroutines[0].Stack) != 0 {
			t.Errorf("%q: %+v", line, d)
		}
	}
	// Labels that are not quoted as the runtime quotes them stay in the state.
	for _, b := range []string{`x labels:{a: "b"}`, `x labels:{"a" "b"}`, `x labels:{"a": "b" "c"}`, `x labels:{"a": "b"`, `x labels:{"a": "b", }`} {
		d := stackfmt.ParseGoroutines([]byte("goroutine 1 [" + b + "]:\n"))
		if len(d.Goroutines) != 1 || d.Goroutines[0].Labels != nil || d.Goroutines[0].State != b {
			t.Errorf("%s: %+v", b, d)
		}
	}
}
