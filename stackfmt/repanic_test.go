package stackfmt_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// throwAgain panics with what was recovered; seen is called with it before.
func throwAgain(first any, seen func(any)) {
	defer func() {
		r := recover()
		seen(r)
		panic(r)
	}()
	if first == nil {
		var list []int
		_ = list[len(list)]
	}
	panic(first)
}

// TestRepanicked: a value that was thrown again is shown once and marked, where it
// can be known to be the same.
func TestRepanicked(t *testing.T) {
	nothing := func(any) {}
	for _, test := range []struct {
		name  string
		first any
		seen  func(any)
		opts  []stackfmt.TakeOption
		want  string
		once  bool
	}{
		{"run-time error", nil, nothing, nil, "runtime error: index out of range [0] with length 0 [recovered, repanicked]", true},
		{"printed before", "boom", func(r any) { stackfmt.FromPanic(r) }, nil, "boom [recovered, repanicked]", true},
		{"known to the caller", "boom", nothing, []stackfmt.TakeOption{stackfmt.WithEarlierPanics("boom")}, "boom [recovered, repanicked]", true},
		{"another", "boom", nothing, []stackfmt.TakeOption{stackfmt.WithEarlierPanics("bang")}, "boom", false},
		{"not known", "boom", nothing, nil, "boom", false},
		{"cannot be compared", []int{1}, nothing, []stackfmt.TakeOption{stackfmt.WithEarlierPanics([]int{1})}, "([]int) [1]", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			stackfmt.ClearLast()
			var tb *stackfmt.Traceback
			func() {
				defer func() { tb = stackfmt.FromPanic(recover(), test.opts...) }()
				throwAgain(test.first, test.seen)
			}()
			if tb.Message != test.want || (tb.Context == nil) != test.once {
				t.Errorf("got\n%s", tb)
			}
			if n := len(tb.Stack); !strings.HasSuffix(tb.Stack[n-1].Func, ".throwAgain.func1") {
				t.Errorf("the stack ends in %s", tb.Stack[n-1].Func)
			}
		})
	}
}

// TestRepanickedDump: the same in what the runtime prints, which before Go 1.23
// printed the value twice.
func TestRepanickedDump(t *testing.T) {
	const stack = "\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:2 +0x1\n"
	for _, text := range []string{"panic: boom [recovered, repanicked]" + stack, "panic: boom [recovered]\n\tpanic: boom" + stack} {
		tb := stackfmt.ParseGoroutines([]byte(text)).Traceback()
		if tb.Message != "boom [recovered, repanicked]" || tb.Context != nil {
			t.Errorf("got\n%s", tb)
		}
	}
	tb := stackfmt.ParseGoroutines([]byte("panic: boom [recovered]\n\tpanic: bang" + stack)).Traceback()
	if tb.Message != "bang" || tb.Context == nil || tb.Context.Message != "boom" {
		t.Errorf("got\n%s", tb)
	}
}

type causer struct{ cause error }

func (causer) Error() string  { return "no words of the cause" }
func (c causer) Cause() error { return c.cause }

// TestCause: a method Cause counts where there is no Unwrap.
func TestCause(t *testing.T) {
	tb := stackfmt.FromError(causer{errors.New("below")})
	if tb.Cause == nil || tb.Cause.Message != "below" {
		t.Errorf("got\n%s", tb)
	}
}
