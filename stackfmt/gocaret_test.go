package stackfmt_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// testSource reads from testdata/src, however new its files are.
func testSource() *stackfmt.Source {
	return stackfmt.NewSource(stackfmt.WithFS(os.DirFS("testdata/src")),
		stackfmt.WithBuildTime(time.Now().Add(1e6*time.Hour)))
}

// lineOf finds the first line of calls.go that holds text.
func lineOf(t *testing.T, text string) int {
	t.Helper()
	b, err := os.ReadFile("testdata/src/calls.go")
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range strings.Split(string(b), "\n") {
		if strings.Contains(l, text) {
			return i + 1
		}
	}
	t.Fatalf("calls.go has no line with %q", text)
	return 0
}

// TestGoCarets checks which part of a line of Go is marked for a frame, by the
// function that it called.
func TestGoCarets(t *testing.T) {
	tests := []struct {
		line, callee string
		want         []string // the lines below the position
	}{
		{"A().", "example.com/calls.(*T).A", []string{"A().", "~^^"}},
		{"\tB(", "example.com/calls.(*T).B", []string{"B(", "~^", "\t1,", "\t^^", ")", "^"}},
		{"t.A().B(g(2))", "example.com/calls.(*T).A", []string{"t.A().B(g(2))", "~~~^^"}},
		{"t.A().B(g(2))", "example.com/calls.(*T).B", []string{"t.A().B(g(2))", "~~~~~~~^^^^^^"}},
		{"t.A().B(g(2))", "example.com/calls.g", []string{"t.A().B(g(2))", "        ~^^^"}},
		{"g(1) + g(2)", "example.com/calls.g", []string{"_ = g(1) + g(2)"}}, // which of the two?
		{"fmt.Sprint(g(1))", "fmt.Sprint", []string{"_ = fmt.Sprint(g(1))"}},
		{"fmt.Sprint(g(1))", "example.com/calls.g", []string{"_ = fmt.Sprint(g(1))", "               ~^^^"}},
		{"fmt.Sprint(g(1))", "example.com/calls.other", []string{"_ = fmt.Sprint(g(1))"}},
		{"\tf()", "main.main.func1", []string{"f()", "~^^"}},
		{"s.hook(", "main.main.func2.1", []string{`s.hook("名前", g(3))`}}, // the hook or g?
		{"s.hook(", "example.com/calls.g", []string{`s.hook("名前", g(3))`, "               ~^^^"}},
		{"s.hook(", "example.com/calls.(*T).hook", []string{`s.hook("名前", g(3))`, "~~~~~~^^^^^^^^^^^^^^"}},
		{"Map[int](", "example.com/calls.Map[...]", []string{"list := Map[int](nil, func(i int) int {", "        ~~~^^^^^"}},
		{"defer s.A()", "example.com/calls.(*T).A", []string{"defer s.A()", "      ~~~^^"}},
		{"if x := g(", "example.com/calls.g", []string{"if x := g(len(list)); x > 1 {", "        ~^^^^^^^^^^^"}},
		{`panic("far")`, "runtime.gopanic", []string{`panic("far")`, "~~~~~^^^^^^^"}},
		{"\tx := g(1)", "example.com/calls.g", []string{"x := g(1)"}}, // the whole line
	}
	src := testSource()
	for _, test := range tests {
		t.Run(test.line+" calling "+test.callee, func(t *testing.T) {
			line := lineOf(t, test.line)
			s := stackfmt.Stack{
				{File: "/calls.go", Line: line, Func: "example.com/calls.f"},
				{File: "elsewhere.go", Line: 1, Func: test.callee},
			}
			got := s.Format(stackfmt.WithSource(src))
			lines := strings.Split(strings.TrimSuffix(got[0], "\n"), "\n")[1:]
			for i := range lines {
				lines[i] = strings.TrimPrefix(lines[i], "    ")
			}
			if want, got := strings.Join(test.want, "\n"), strings.Join(lines, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestFailureCarets checks what is marked in the last frame for a run-time error,
// by its message and, where the stack goes on into the runtime, by that.
func TestFailureCarets(t *testing.T) {
	const (
		index  = "runtime error: index out of range [5] with length 3"
		slice  = "runtime error: slice bounds out of range [5:3]"
		divide = "runtime error: integer divide by zero"
		deref  = "runtime error: invalid memory address or nil pointer dereference"
	)
	tests := []struct{ line, message, callee, want string }{
		{"_ = a[i]", index, "", "    ~^^^"},
		{"_ = a[i]", index, "runtime.panicBounds", "    ~^^^"},
		{"_ = a[i]", "", "runtime.goPanicIndex", "    ~^^^"},
		{"_ = a[i]", slice, "", ""},
		{"_ = a[a[i]]", index, "", ""}, // which of the two?
		{"_ = a[i:]", slice, "", "    ~^^^^"},
		{"_ = 10 / i", divide, "", "    ~~~^~~"},
		{"_ = 10 / i", divide, "runtime.panicdivide", "    ~~~^~~"},
		{"10/i + 20%i", divide, "", ""},
		{"i /= 2", divide, "", ""}, // the whole line
		{"_ = *p.n", deref, "", ""},
		{"_ = p.n", deref, "runtime.sigpanic", "    ^^^"},
		{"fmt.Sprint(p.n)", deref, "", "               ^^^"},
		{"e.(string)", "interface conversion: interface {} is int, not string", "runtime.panicdottypeE", "    ~^^^^^^^^^"},
		{`m["a"] = a[0]`, "assignment to entry in nil map", "runtime.mapassign_faststr", "~^^^^^"},
		{"c <- 1", "send on closed channel", "runtime.chansend1", ""}, // the whole line
		{"close(c)", "close of nil channel", "runtime.closechan", "~~~~~^^^"},
		{"1 << i", "runtime error: negative shift amount", "runtime.panicshift", "    ~~^^~~"},
		{"make([]int, i)", "runtime error: makeslice: len out of range", "runtime.makeslice", ""},
		{"_ = [4]int(a)", "runtime error: cannot convert slice with length 2 to array or pointer to array with length 4", "runtime.panicBounds", ""}, // the whole line
		{"return [4]int(a)[i]", "runtime error: cannot convert slice with length 2 to array or pointer to array with length 4", "", "       ~~~~~~^^^"},
		{"_ = a[i]", "some error", "", ""},
		{"return a[i]", index, "", "       ~^^^"},
	}
	src := testSource()
	for _, test := range tests {
		t.Run(test.line+" "+test.callee, func(t *testing.T) {
			tb := &stackfmt.Traceback{Type: "runtime.Error", Message: test.message, Stack: stackfmt.Stack{
				{File: "/calls.go", Line: lineOf(t, test.line), Func: "example.com/calls.f"},
			}}
			if test.callee != "" {
				tb.Stack = append(tb.Stack, stackfmt.Frame{File: "/panic.go", Line: 1, Func: test.callee})
			}
			frame := tb.Format(stackfmt.WithSource(src))[1]
			lines := strings.Split(frame, "\n")
			got := ""
			if len(lines) > 3 {
				got = strings.TrimPrefix(lines[2], "    ")
			}
			if got != test.want {
				t.Errorf("got\n%s\nwant carets %q", frame, test.want)
			}
		})
	}
}
