package stackfmt_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// TestGoStyleParses: what is printed in Go's style reads back as a goroutine with
// the same calls, in the order of this package.
func TestGoStyleParses(t *testing.T) {
	var b bytes.Buffer
	if err := stackfmt.PrintStack(&b, stackfmt.WithStyle(stackfmt.StyleGo)); err != nil {
		t.Fatal(err)
	}
	want := stackfmt.ExtractStack()
	got := stackfmt.ParseGoroutines(b.Bytes())
	if len(got.Goroutines) != 1 || len(got.Unknown) != 0 {
		t.Fatalf("%d goroutines, unknown %v in\n%s", len(got.Goroutines), got.Unknown, b.String())
	}
	if g := got.Goroutines[0]; !slices.Equal(funcs(g.Stack.Frames()), funcs(want)) || g.ID < 1 || g.State != "running" {
		t.Errorf("goroutine %d [%s] %v, want %v", g.ID, g.State, funcs(g.Stack.Frames()), funcs(want))
	}

	mixed := stackfmt.Stack{
		{File: "/srv/main.go", Line: 12, Func: "main.main", Offset: 0x1d},
		{Elided: 3},
		{File: "/srv/main.go", Line: 20, Func: "main.(*T).f", Args: "0x1, {0x2, 0x3}"},
		{File: "dec.c", Line: 4, Func: "decode", PC: 0x401000},
	}
	text := mixed.Append(nil, stackfmt.WithStyle(stackfmt.StyleGo))
	got = stackfmt.ParseGoroutines(text)
	if len(got.Goroutines) != 1 || len(got.Unknown) != 0 || len(got.Goroutines[0].Stack) != 4 {
		t.Fatalf("%+v from\n%s", got, text)
	}
	if again := got.Goroutines[0].Stack.Append(nil, stackfmt.WithStyle(stackfmt.StyleGo)); string(again) != string(text) {
		t.Errorf("got\n%swant\n%s", again, text)
	}
}

func inlinedA(skip int) stackfmt.Stack { return inlinedB(skip) }
func inlinedB(skip int) stackfmt.Stack { return inlinedC(skip) }
func inlinedC(skip int) stackfmt.Stack { return stackfmt.ExtractStack(stackfmt.WithSkip(skip)) }

// TestInlined: calls that the compiler inlined are calls of their own, also where
// the stack begins among them.
func TestInlined(t *testing.T) {
	want := []string{"TestInlined", "inlinedA", "inlinedB", "inlinedC"}
	for skip := range 4 {
		got := funcs(inlinedA(skip))
		if end := len(got) - (4 - skip); !slices.Equal(got[end:], want[:4-skip]) {
			t.Errorf("skip %d: %v", skip, got)
		}
	}
	s := inlinedA(0)
	trimmed := stackfmt.WithPathRewrite("github.com/epitaph-go/epitaph/stackfmt/", "")
	text := strings.Split(string(s[len(s)-3:].Append(nil, trimmed)), "\n")
	if !strings.Contains(text[1], "return inlinedB(skip)") {
		t.Errorf("got %q", text)
	}
}
