package stackfmt_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

func TestWrap(t *testing.T) {
	if stackfmt.Wrap(nil, "m") != nil || stackfmt.WithStack(nil) != nil || stackfmt.AddNote(nil, "n") != nil {
		t.Error("nil is not kept")
	}
	err := atA(io.EOF)
	if err.Error() != "A: EOF" || !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
	if n := stackfmt.AddNote(err, "n"); n.Error() != "A: EOF" || !errors.Is(n, io.EOF) {
		t.Errorf("%v", n)
	}
	for format, want := range map[string]string{"%v": "A: EOF", "%s": "A: EOF", "%q": `"A: EOF"`, "%10.1s|": "         A|"} {
		if got := fmt.Sprintf(format, err); got != want {
			t.Errorf("%s: %q, want %q", format, got, want)
		}
	}
	noted := stackfmt.AddNote(err, "a note")
	if got, want := fmt.Sprintf("%+v\n", noted), stackfmt.FromError(noted).String(); got != want || !strings.Contains(got, "a note") || !strings.Contains(got, "stackfmt_test.atA\n") {
		t.Errorf("%%+v:\n%s", got)
	}
	if s := stackfmt.WithStack(err); s != err {
		t.Error("a second stack was taken")
	}
	for _, n := range []int{1, 5, 10, 25, 60, 100, 130, 3000, 5000} {
		st := stackfmt.FromError(deepWrap(n)).Stack
		calls := 0
		for _, f := range st {
			if strings.HasSuffix(f.Func, ".deepWrap") {
				calls++
			}
		}
		if n < 4000 && (calls != n || st[0].Elided != 0) {
			t.Errorf("depth %d: %d calls, first %+v", n, calls, st[0])
		}
		if n > 4096 && (st[0].Elided != -1 || len(st) != 4097) {
			t.Errorf("depth %d: %d frames, first %+v", n, len(st), st[0])
		}
	}
}

//go:noinline
func deepWrap(n int) error {
	if n <= 1 {
		return stackfmt.Wrap(io.EOF, "deep")
	}
	return deepWrap(n - 1)
}

// TestWrapAllocates one object, whatever the class of depth.
func TestWrapAllocates(t *testing.T) {
	for _, depth := range []int{1, 10, 20, 50, 100} {
		if n := testing.AllocsPerRun(100, func() { deepWrap(depth) }); n > 1 {
			t.Errorf("Wrap at depth %d: %v allocations", depth, n)
		}
	}
	plain := fmt.Errorf("m: %w", io.EOF)
	if n := testing.AllocsPerRun(100, func() { sinkError = stackfmt.WithStack(plain) }); n > 1 {
		t.Errorf("WithStack: %v allocations", n)
	}
}

var sinkError error

func BenchmarkWrap(b *testing.B) {
	for _, depth := range []int{10, 50} {
		b.Run(fmt.Sprint("depth=", depth), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				deepWrap(depth)
			}
		})
	}
}
