package stackfmt_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// caught runs f and returns the traceback of its panic.
func caught(f func(), opts ...stackfmt.TakeOption) (t *stackfmt.Traceback) {
	defer func() { t = stackfmt.FromPanic(recover(), opts...) }()
	f()
	return nil
}

type (
	stringPanic         string
	structPanic         struct{ A, B int }
	stringerMute        struct{}
	methodPanic         struct{ s []int }
	genericPanic[T any] struct{ v T }
)

func (stringerMute) String() string { panic("mute") }

//go:noinline
func (m *methodPanic) index(i int) int { return m.s[i] }

//go:noinline
func (g genericPanic[T]) throw() { panic(g.v) }

//go:noinline
func divide(a, b int) { quotient = a / b }

var quotient int

//go:noinline
func throwError(err error) { panic(err) }

func TestFromPanic(t *testing.T) {
	var nilMap map[string]int
	var nilFunc func()
	var any1 any = "s"
	for _, tt := range []struct {
		name string
		f    func()
		want string
	}{
		{"string", func() { panic("boom") }, "panic=boom{stackfmt_test.TestFromPanic.func1}"},
		{"int", func() { panic(7) }, "panic=7{stackfmt_test.TestFromPanic.func2}"},
		{"named string", func() { panic(stringPanic("s")) }, `panic=stackfmt_test.stringPanic("s"){stackfmt_test.TestFromPanic.func3}`},
		{"struct", func() { panic(structPanic{1, 2}) }, "panic=(stackfmt_test.structPanic) {A:1 B:2}{stackfmt_test.TestFromPanic.func4}"},
		{"Stringer that panics", func() { panic(stringerMute{}) }, "panic=<stackfmt_test.stringerMute String() failed>{stackfmt_test.TestFromPanic.func5}"},
		{"nil", func() { panic(nil) }, "*runtime.PanicNilError=" + new(runtime.PanicNilError).Error() + "{stackfmt_test.TestFromPanic.func6}"},
		{"index", func() { (&methodPanic{}).index(3) }, "runtime.boundsError=runtime error: index out of range [3] with length 0{stackfmt_test.(*methodPanic).index}"},
		{"nil pointer", func() { (*methodPanic)(nil).index(0) }, "runtime.errorString=runtime error: invalid memory address or nil pointer dereference{stackfmt_test.(*methodPanic).index}"},
		{"division", func() { divide(1, 0) }, "runtime.runtimeError=runtime error: integer divide by zero{stackfmt_test.divide}"},
		{"conversion", func() { _ = any1.(io.Reader) }, "*runtime.TypeAssertionError=interface conversion: string is not io.Reader: missing method Read{stackfmt_test.TestFromPanic.func10}"},
		{"nil map", func() { nilMap["a"] = 1 }, "runtime.plainError=assignment to entry in nil map{stackfmt_test.TestFromPanic.func11}"},
		{"nil func", func() { nilFunc() }, "runtime.errorString=runtime error: invalid memory address or nil pointer dereference{stackfmt_test.TestFromPanic.func12}"},
		{"generic method", func() { genericPanic[int]{3}.throw() }, "panic=3{stackfmt_test.genericPanic[...].throw}"},
		{"error", func() { throwError(fmt.Errorf("m: %w", io.EOF)) }, "*errors.errorString=m: EOF{stackfmt_test.throwError}"},
		{"error with a stack", func() { throwError(atA(io.EOF)) }, "panic=A: EOF{stackfmt_test.throwError} <- *errors.errorString=A: EOF{stackfmt_test.atA}"},
		{"group", func() { throwError(errors.Join(io.EOF)) }, "*errors.joinError=1 error{stackfmt_test.throwError} [*errors.errorString=EOF]"},
	} {
		got := treeText(caught(tt.f))
		got = strings.Replace(got, "runtime.errorString=runtime error: integer", "runtime.runtimeError=runtime error: integer", 1)
		if got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
	if tb := caught(func() {}); tb != nil {
		t.Errorf("no panic: %s", treeText(tb))
	}
}

// TestFromPanicStack: nothing of the runtime and nothing of the deferred calls is
// in the stack, and nothing else is missing.
func TestFromPanicStack(t *testing.T) {
	tb := caught(func() { divide(1, 0) })
	var names []string
	for _, f := range tb.Stack {
		names = append(names, f.Func[strings.LastIndexByte(f.Func, '/')+1:])
	}
	want := "testing.tRunner stackfmt_test.TestFromPanicStack stackfmt_test.caught stackfmt_test.TestFromPanicStack.func1 stackfmt_test.divide"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestFromPanicWhileHandlingPanic(t *testing.T) {
	// The first value is never seen.
	got := treeText(caught(func() {
		defer func() { panic("second") }()
		panic("first")
	}))
	want := "panic=second{stackfmt_test.TestFromPanicWhileHandlingPanic.func1.1} ~ panic=<value not known>{stackfmt_test.TestFromPanicWhileHandlingPanic.func1}"
	if got != want {
		t.Errorf("unseen:\ngot  %s\nwant %s", got, want)
	}
	// It is seen by the deferred function that then fails itself.
	tb := caught(func() {
		defer func() {
			stackfmt.FromPanic(recover())
			panic("second")
		}()
		panic("first")
	})
	want = "panic=second{stackfmt_test.TestFromPanicWhileHandlingPanic.func2.1} ~ panic=first{stackfmt_test.TestFromPanicWhileHandlingPanic.func2}"
	if got := treeText(tb); got != want {
		t.Errorf("seen:\ngot  %s\nwant %s", got, want)
	}
	// The stack of the second goes through the call of panic.
	var through bool
	for _, f := range tb.Stack {
		through = through || f.Func == "panic"
	}
	if !through {
		t.Errorf("no call of panic in %+v", tb.Stack)
	}
	// Three of them, and an error with a stack, whose Cause would hide Context.
	got = treeText(caught(func() {
		defer func() {
			defer func() { throwError(atA(io.EOF)) }()
			panic("second")
		}()
		panic("first")
	}))
	want = "panic=A: EOF{stackfmt_test.throwError} <- *errors.errorString=A: EOF{stackfmt_test.atA} ~ panic=<value not known>{stackfmt_test.TestFromPanicWhileHandlingPanic.func3.1} ~ panic=<value not known>{stackfmt_test.TestFromPanicWhileHandlingPanic.func3}"
	if got != want {
		t.Errorf("three:\ngot  %s\nwant %s", got, want)
	}
}

// TestFromPanicOtherGoroutine: the panic of another goroutine that runs the same
// code is never taken for the context.
func TestFromPanicOtherGoroutine(t *testing.T) {
	nested := func(see bool) *stackfmt.Traceback {
		return caught(func() {
			defer func() {
				r := recover()
				if see {
					stackfmt.FromPanic(r)
				}
				panic("second")
			}()
			panic("first")
		})
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 50 {
				tb := nested(i%2 == 0)
				if m := tb.Context.Message; m != "first" && m != "<value not known>" {
					t.Errorf("context %q", m)
				}
			}
		})
	}
	wg.Wait()
}

func TestFromPanicDeep(t *testing.T) {
	var recurse func(n int) int
	recurse = func(n int) int {
		if n == 0 {
			panic("deep")
		}
		return recurse(n-1) + 1
	}
	tb := caught(func() { recurse(100_000) })
	if n := len(tb.Stack); n < 100_000 || n > 100_010 {
		t.Errorf("%d frames", n)
	}
	if tb.Stack[0].Elided != 0 {
		t.Errorf("first frame %+v", tb.Stack[0])
	}
}

func TestFromPanicFaultAddress(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("mapping rules differ")
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	tb := caught(func() { faultAt(0x12345000) })
	if len(tb.Notes) != 1 || tb.Notes[0] != "fault address 0x12345000" {
		t.Errorf("%s", treeText(tb))
	}
}

func BenchmarkFromPanic(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		caught(func() { panic("x") })
	}
}

func TestWithEarlierPanics(t *testing.T) {
	nested := func() {
		defer func() {
			defer func() { panic("third") }()
			throwError(atA(io.EOF))
		}()
		panic("first")
	}
	for _, tt := range []struct {
		values []any
		want   []string
	}{
		{nil, []string{"panic=third", "panic=<value not known>", "panic=<value not known>"}},
		{[]any{nil, "first"}, []string{"panic=third", "panic=<value not known>", "panic=first"}},
		{[]any{atA(io.EOF), "first", "too many"}, []string{"panic=third", "panic=A: EOF", "*errors.errorString=A: EOF", "panic=first"}},
	} {
		var got []string
		// A Context beside a Cause is not shown, so none is there.
		for tb := caught(nested, stackfmt.WithEarlierPanics(tt.values...)); tb != nil; {
			got = append(got, tb.Type+"="+tb.Message)
			if len(tb.Stack) == 0 {
				t.Errorf("%s has no stack", tb.Message)
			}
			if tb.Cause != nil && tb.Context != nil {
				t.Errorf("%s has a Cause and a Context", tb.Message)
			}
			if tb.Cause != nil {
				tb = tb.Cause
			} else {
				tb = tb.Context
			}
		}
		if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
			t.Errorf("with %v: %q, want %q", tt.values, got, tt.want)
		}
	}
}
