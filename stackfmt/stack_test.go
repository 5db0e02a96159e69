package stackfmt_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// named returns a stack of calls with these function names, oldest first.
func named(names ...string) stackfmt.Stack {
	var s stackfmt.Stack
	for i, n := range names {
		s = append(s, stackfmt.Frame{File: "a.go", Line: i + 1, Func: n})
	}
	return s
}

// repeated returns n equal frames.
func repeated(n int, name string) stackfmt.Stack {
	return slices.Repeat(stackfmt.Stack{{File: "a.go", Line: 7, Func: name}}, n)
}

func funcs(s stackfmt.Stack) []string {
	var out []string
	for _, f := range s {
		out = append(out, f.Func[strings.LastIndexByte(f.Func, '.')+1:])
	}
	return out
}

// outline is the text of a stack with each frame as its function's name.
func outline(items []string) string {
	var out []string
	for _, item := range items {
		item = strings.TrimSuffix(item, "\n")
		if i := strings.LastIndex(item, ", in "); i >= 0 {
			item = item[i+len(", in "):]
		}
		out = append(out, strings.TrimSpace(item))
	}
	return strings.Join(out, " | ")
}

//go:noinline
func outer(opts ...stackfmt.TakeOption) stackfmt.Stack { return middle(opts...) }

//go:noinline
func middle(opts ...stackfmt.TakeOption) stackfmt.Stack { return inner(opts...) }

//go:noinline
func inner(opts ...stackfmt.TakeOption) stackfmt.Stack { return stackfmt.ExtractStack(opts...) }

// TestLimit: a positive limit keeps what is walked first, a negative one what is
// walked last. A stack is walked from its end, that of an error from its start.
func TestLimit(t *testing.T) {
	all := funcs(outer())
	if n := len(all); n < 4 || !slices.Equal(all[n-3:], []string{"outer", "middle", "inner"}) {
		t.Fatalf("ExtractStack() = %v", all)
	}
	n := len(all)
	current := []struct {
		limit int
		want  []string
	}{
		{2, all[n-2:]}, {100, all}, {-2, all[:2]}, {-100, all}, {0, nil},
		{math.MaxInt, all}, {math.MinInt, all},
	}
	for _, test := range current {
		if got := funcs(outer(stackfmt.WithLimit(test.limit))); !slices.Equal(got, test.want) {
			t.Errorf("ExtractStack, limit %d = %v, want %v", test.limit, got, test.want)
		}
	}
	s := named("m", "f4", "f3", "f2", "f1")
	given := []struct {
		opts []stackfmt.PrintOption
		want string
	}{
		{[]stackfmt.PrintOption{stackfmt.WithLimit(2)}, "m | f4"},
		{[]stackfmt.PrintOption{stackfmt.WithLimit(-2)}, "f2 | f1"},
		{[]stackfmt.PrintOption{stackfmt.WithLimit(0)}, ""},
		{[]stackfmt.PrintOption{stackfmt.WithLimit(100)}, "m | f4 | f3 | f2 | f1"},
		{[]stackfmt.PrintOption{stackfmt.WithFirstFrames(2)}, "m | f4"},
		{[]stackfmt.PrintOption{stackfmt.WithLastFrames(2)}, "f2 | f1"},
		{[]stackfmt.PrintOption{stackfmt.WithFirstFrames(-1)}, ""},
		{[]stackfmt.PrintOption{stackfmt.WithFirstFrames(9)}, "m | f4 | f3 | f2 | f1"},
		{[]stackfmt.PrintOption{stackfmt.WithFirstFrames(1), stackfmt.WithLastFrames(2)}, "m | ...<2 frames>... | f2 | f1"},
		{[]stackfmt.PrintOption{stackfmt.WithFirstFrames(3), stackfmt.WithLastFrames(2)}, "m | f4 | f3 | f2 | f1"},
		{[]stackfmt.PrintOption{stackfmt.WithFirstFrames(math.MaxInt), stackfmt.WithLastFrames(math.MaxInt)}, "m | f4 | f3 | f2 | f1"},
	}
	for _, test := range given {
		if got := outline(s.Format(test.opts...)); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	tb := &stackfmt.Traceback{Type: "E", Stack: s}
	if got := tb.Format(stackfmt.WithLimit(0)); !slices.Equal(got, []string{"E\n"}) {
		t.Errorf("a limit of 0 leaves %q", got)
	}
}

// TestLimitTwice: a stack that was cut when it was taken is not cut again when it
// is printed with the same options.
func TestLimitTwice(t *testing.T) {
	got := outer(stackfmt.WithFirstFrames(1), stackfmt.WithLastFrames(2))
	if len(got) != 4 || got[1].Elided <= 0 {
		t.Fatalf("got %v", got)
	}
	again := strings.Join(got.Format(stackfmt.WithFirstFrames(1), stackfmt.WithLastFrames(2)), "")
	if once := got.String(); again != once {
		t.Errorf("printed with limits:\n%swithout:\n%s", again, once)
	}
	want := fmt.Sprintf("  ...<%d frames>...\n", len(outer())-3)
	if !strings.Contains(again, want) {
		t.Errorf("got\n%swant %q in it", again, want)
	}
}

// TestRecursion is Python's collapse of one line that repeats: three times, then
// a count.
func TestRecursion(t *testing.T) {
	join := func(stacks ...stackfmt.Stack) stackfmt.Stack { return slices.Concat(stacks...) }
	m := named("m")
	tests := []struct {
		s    stackfmt.Stack
		want string
	}{
		{repeated(3, "r"), "r | r | r"},
		{repeated(4, "r"), "r | r | r | [Previous line repeated 1 more time]"},
		{repeated(5, "r"), "r | r | r | [Previous line repeated 2 more times]"},
		{repeated(100_000, "r"), "r | r | r | [Previous line repeated 99997 more times]"},
		{join(m, repeated(10, "r"), named("z")), "m | r | r | r | [Previous line repeated 7 more times] | z"},
		{join(repeated(5, "r"), m, repeated(6, "q")),
			"r | r | r | [Previous line repeated 2 more times] | m | q | q | q | [Previous line repeated 3 more times]"},
		{join(m, m, m, named("x")), "m | m | m | x"},
		{stackfmt.Stack{{File: "a", Func: "f"}, {File: "a", Func: "f"}, {File: "a", Func: "f"}, {File: "a", Func: "f"}},
			"f | f | f | f"}, // no line, no repetition
	}
	for _, test := range tests {
		if got := outline(test.s.Format()); got != test.want {
			t.Errorf("got\n%s\nwant\n%s", got, test.want)
		}
	}
}

// TestMutualRecursion collapses cycles of several calls, by option.
func TestMutualRecursion(t *testing.T) {
	cycle := func(n int, names ...string) stackfmt.Stack { return slices.Repeat(named(names...), n) }
	abc := cycle(10, "a", "b", "c")
	tests := []struct {
		s      stackfmt.Stack
		period int
		want   string
	}{
		{abc, 8, "a | b | c | [Previous 3 frames repeated 9 more times]"},
		{abc, 3, "a | b | c | [Previous 3 frames repeated 9 more times]"},
		{abc[:9], 2, "a | b | c | a | b | c | a | b | c"},
		{cycle(2, "a", "b"), 8, "a | b | a | b"},
		{append(cycle(3, "a", "b"), named("a")...), 2, "a | b | [Previous 2 frames repeated 2 more times] | a"},
		{slices.Concat(named("m"), cycle(4, "a", "b"), repeated(5, "r")), 2,
			"m | a | b | [Previous 2 frames repeated 3 more times] | r | r | r | [Previous line repeated 2 more times]"},
		{slices.Repeat(slices.Concat(repeated(2, "x"), named("y")), 5), 8,
			"x | x | y | [Previous 3 frames repeated 4 more times]"},
		{cycle(4, "1", "2", "3", "4", "5", "6", "7", "8"), 8,
			"1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | [Previous 8 frames repeated 3 more times]"},
		{cycle(4, "1", "2", "3", "4", "5", "6", "7", "8"), 99, // as 8
			"1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | [Previous 8 frames repeated 3 more times]"},
		{repeated(5, "r"), 0, "r | r | r | r | r"},
		{repeated(5, "r"), -3, "r | r | r | r | r"},
	}
	for _, test := range tests {
		if got := outline(test.s.Format(stackfmt.WithRecursion(test.period))); got != test.want {
			t.Errorf("period %d: got\n%s\nwant\n%s", test.period, got, test.want)
		}
	}
}

// TestFrameHook: a hook rewrites and drops frames. One that is dropped neither
// ends nor lengthens a run of equal lines.
func TestFrameHook(t *testing.T) {
	s := slices.Concat(named("m"), repeated(2, "r"), named("hidden"), repeated(3, "r"), named("z"))
	drop := stackfmt.WithFrameHook(func(f stackfmt.Frame) (stackfmt.Frame, bool) { return f, f.Func != "hidden" })
	rename := stackfmt.WithFrameHook(func(f stackfmt.Frame) (stackfmt.Frame, bool) {
		f.Func = strings.ToUpper(f.Func)
		return f, true
	})
	tests := []struct {
		opts []stackfmt.PrintOption
		want string
	}{
		{[]stackfmt.PrintOption{drop}, "m | r | r | r | [Previous line repeated 2 more times] | z"},
		{[]stackfmt.PrintOption{drop, rename}, "M | R | R | R | [Previous line repeated 2 more times] | Z"},
		{[]stackfmt.PrintOption{stackfmt.WithHidden("hid", "z")}, "m | r | r | r | [Previous line repeated 2 more times]"},
		{[]stackfmt.PrintOption{stackfmt.WithHidden("")}, "m | r | r | hidden | r | r | r | z"},
		{[]stackfmt.PrintOption{stackfmt.WithFrameHook(nil)}, "m | r | r | hidden | r | r | r | z"},
	}
	for _, test := range tests {
		if got := outline(s.Format(test.opts...)); got != test.want {
			t.Errorf("got\n%s\nwant\n%s", got, test.want)
		}
	}
	if s[3].Func != "hidden" || s[0].Func != "m" {
		t.Error("the hook changed the caller's stack")
	}
}

// TestWalkStack: the walk starts at the caller and was taken at the call.
func TestWalkStack(t *testing.T) {
	walk := func() []string {
		var names []string
		for f := range stackfmt.WalkStack() {
			names = append(names, f.Func)
		}
		return names
	}
	nested := func() []string { return walk() }
	direct, deeper := walk(), nested()
	if len(deeper) != len(direct)+1 {
		t.Errorf("a nested call adds %d frames, want 1", len(deeper)-len(direct))
	}
	if !strings.HasSuffix(direct[0], "TestWalkStack.func1") || !strings.HasSuffix(direct[1], "TestWalkStack") {
		t.Errorf("the walk starts with %q", direct[:2])
	}
	seq := stackfmt.WalkStack()
	func() {
		for f := range seq {
			if !strings.HasSuffix(f.Func, "TestWalkStack") {
				t.Errorf("a walk that runs later starts with %s", f.Func)
			}
			break
		}
	}()
}

// TestPrintStack: what is printed, formatted and extracted ends with the caller.
func TestPrintStack(t *testing.T) {
	var b bytes.Buffer
	if err := stackfmt.PrintStack(&b, stackfmt.WithLimit(1)); err != nil {
		t.Fatal(err)
	}
	format := strings.Join(stackfmt.FormatStack(stackfmt.WithLimit(1)), "")
	for _, got := range []string{b.String(), format} {
		if !strings.Contains(got, "stack_test.go\", line ") || !strings.Contains(got, "in github.com/epitaph-go/epitaph/stackfmt_test.TestPrintStack\n") {
			t.Errorf("got\n%s", got)
		}
		if strings.Count(got, "  File ") != 1 {
			t.Errorf("limit 1 printed\n%s", got)
		}
	}
	if skipped := outer(stackfmt.WithSkip(2)); funcs(skipped)[len(skipped)-1] != "outer" {
		t.Errorf("WithSkip(2) = %v", funcs(skipped))
	}
}

// TestSameText: strings, iterator, writer, String and Append hold the same text.
func TestSameText(t *testing.T) {
	s := slices.Concat(named("m"), repeated(2000, "r"), named(strings.Repeat("x", 5000), "y", "z"))
	tb := &stackfmt.Traceback{Type: "E", Message: "m", Stack: s, Group: []*stackfmt.Traceback{{Type: "G", Stack: s}}}
	for _, form := range []struct {
		name   string
		format func(...stackfmt.PrintOption) []string
		lines  func(...stackfmt.PrintOption) []string
		print  func(io.Writer, ...stackfmt.PrintOption) error
		append func([]byte, ...stackfmt.PrintOption) []byte
		string func() string
	}{
		{"stack", s.Format, func(o ...stackfmt.PrintOption) []string { return slices.Collect(s.Lines(o...)) }, s.Print, s.Append, s.String},
		{"traceback", tb.Format, func(o ...stackfmt.PrintOption) []string { return slices.Collect(tb.Lines(o...)) }, tb.Print, tb.Append, tb.String},
	} {
		want := strings.Join(form.format(), "")
		var b bytes.Buffer
		if err := form.print(&b); err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]string{
			"Lines": strings.Join(form.lines(), ""), "Print": b.String(),
			"Append": strings.TrimPrefix(string(form.append([]byte("kept "))), "kept "), "String": form.string(),
		} {
			if got != want {
				t.Errorf("%s.%s differs: %s", form.name, name, diff(want, got))
			}
		}
	}
	if got, want := stackfmt.FormatList(s), s.Format(); !slices.Equal(got, want) {
		t.Error("FormatList differs from Format")
	}
	for range tb.Lines() {
		break // an iterator that is left early ends
	}
}

type failingWriter struct{ after int }

var errFull = errors.New("disk full")

func (w *failingWriter) Write(b []byte) (int, error) {
	if w.after -= len(b); w.after < 0 {
		return 0, errFull
	}
	return len(b), nil
}

type shortWriter struct{}

func (shortWriter) Write(b []byte) (int, error) { return len(b) / 2, nil }

// TestWriters: errors of a writer come back, a nil writer is standard error.
func TestWriters(t *testing.T) {
	s := slices.Repeat(named("a", "b"), 5000)
	for _, after := range []int{0, 10_000} {
		if err := stackfmt.PrintList(&failingWriter{after}, s); !errors.Is(err, errFull) || !strings.HasPrefix(err.Error(), "stackfmt: ") {
			t.Errorf("after %d bytes: %v", after, err)
		}
	}
	if err := s.Print(shortWriter{}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a short write gives %v", err)
	}
	if err := s.Print(nil); !errors.Is(err, stackfmt.ErrNilWriter) || !strings.HasPrefix(err.Error(), "stackfmt: ") {
		t.Errorf("a nil writer gives %v", err)
	}
}

// TestLocals: sorted, below the source; a hook of the caller's supplies them when
// a stack is taken, and one that panics costs only them.
func TestLocals(t *testing.T) {
	f := stackfmt.Frame{File: "a.go", Line: 1, Func: "f", Source: "x / 0", Col: 0, EndCol: 5,
		Locals: map[string]string{"x": "12", "a": "1", "Z": "3"}}
	want := "  File \"a.go\", line 1, in f\n    x / 0\n    ~~^~~\n    Z = 3\n    a = 1\n    x = 12\n"
	if got := (stackfmt.Stack{f}).String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	taken := stackfmt.ExtractStack(stackfmt.WithLimit(1), stackfmt.WithLocals(func(f stackfmt.Frame) map[string]string {
		return map[string]string{"func": f.Func}
	}))
	if len(taken) != 1 || taken[0].Locals["func"] != taken[0].Func {
		t.Errorf("got %+v", taken)
	}
	failed := stackfmt.ExtractStack(stackfmt.WithLimit(1), stackfmt.WithLocals(func(stackfmt.Frame) map[string]string { panic("no") }))
	if !strings.Contains(failed.String(), "<local repr() failed>") {
		t.Errorf("got\n%s", failed)
	}
	if s := stackfmt.ExtractStack(); s[0].Locals != nil {
		t.Error("locals were taken without being asked for")
	}
	stackfmt.ClearFrames(taken)
	if taken[0].Locals != nil || taken[0].Func == "" {
		t.Errorf("cleared to %+v", taken[0])
	}
}

// TestMixedFrames prints calls in C with and without debug information, marks for
// calls left out, and what is not known.
func TestMixedFrames(t *testing.T) {
	s := stackfmt.Stack{
		{File: "/srv/main.go", Line: 31, Func: "main.main", Offset: 0x1d},
		{Elided: 40},
		{Binary: "/usr/lib/libfoo.so.1", Func: "foo_run", Offset: 0x42, PC: 0x7f2f1c0de142},
		{Binary: "/usr/lib/libfoo.so.1", Offset: 0x3def0, PC: 0x77b73226bef0},
		{Binary: "/usr/lib/libfoo.so.1", PC: 0x77b73226bef0},
		{File: "native/decoder.c", Line: 42, Func: "decode_frame", PC: 0x401000},
		{File: "native/decoder.c", Line: 17, Func: "clamp", Inlined: true},
		{Elided: -1},
		{Func: "lost"},
		{},
	}
	want := `  File "/srv/main.go", line 31, in main.main
  ...<40 frames>...
  Binary file "/usr/lib/libfoo.so.1", at foo_run+0x42 [0x00007f2f1c0de142]
  Binary file "/usr/lib/libfoo.so.1", at +0x3def0 [0x000077b73226bef0]
  Binary file "/usr/lib/libfoo.so.1" [0x000077b73226bef0]
  File "native/decoder.c", line 42, in decode_frame
  File "native/decoder.c", line 17, in clamp (inlined)
  ...
  File "???", line ???, in lost
  File "???", line ???, in ???
`
	if got := s.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestSameCall: what counts as the same call, as Python compares FrameSummaries.
func TestSameCall(t *testing.T) {
	f := stackfmt.Frame{File: "a.go", Line: 1, Func: "f", Locals: map[string]string{"x": "1"}}
	same := f
	same.Source, same.Col, same.EndCol, same.Offset = "text", 1, 2, 3
	if !f.SameCall(same) {
		t.Error("source and columns make a difference")
	}
	for name, change := range map[string]func(*stackfmt.Frame){
		"File":   func(f *stackfmt.Frame) { f.File = "b.go" },
		"Line":   func(f *stackfmt.Frame) { f.Line = 2 },
		"Func":   func(f *stackfmt.Frame) { f.Func = "g" },
		"Locals": func(f *stackfmt.Frame) { f.Locals = nil },
	} {
		other := f
		change(&other)
		if f.SameCall(other) {
			t.Errorf("%s makes no difference", name)
		}
	}
}

// TestExtract collects a walk, in its order and with its limits.
func TestExtract(t *testing.T) {
	s := named("m", "f3", "f2", "f1")
	tests := []struct {
		opts []stackfmt.TakeOption
		want []string
	}{
		{nil, []string{"m", "f3", "f2", "f1"}},
		{[]stackfmt.TakeOption{stackfmt.WithLimit(2)}, []string{"m", "f3"}},
		{[]stackfmt.TakeOption{stackfmt.WithLimit(-2)}, []string{"f2", "f1"}},
		{[]stackfmt.TakeOption{stackfmt.WithLimit(0)}, nil},
	}
	for _, test := range tests {
		if got := funcs(stackfmt.Extract(slices.Values(s), test.opts...)); !slices.Equal(got, test.want) {
			t.Errorf("got %v, want %v", got, test.want)
		}
	}
	walked := stackfmt.Extract(stackfmt.WalkStack())
	slices.Reverse(walked)
	if got, want := funcs(walked), funcs(stackfmt.ExtractStack()); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := stackfmt.Extract(nil); got != nil {
		t.Errorf("got %v", got)
	}
}
