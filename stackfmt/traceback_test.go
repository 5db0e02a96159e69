package stackfmt_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

const (
	causeText   = "\nThe above exception was the direct cause of the following exception:\n\n"
	contextText = "\nDuring handling of the above exception, another exception occurred:\n\n"
)

type tb = stackfmt.Traceback

func TestMessages(t *testing.T) {
	tests := []struct {
		t    *tb
		want string
	}{
		{nil, "<nil>\n"},
		{&tb{Type: "KeyboardInterrupt"}, "KeyboardInterrupt\n"},
		{&tb{Type: "Exception", Message: "None"}, "Exception: None\n"},
		{&tb{Type: "E", Message: "two\nlines"}, "E: two\nlines\n"},
		{&tb{Type: "E", Message: "haven"}, "E: haven\n"}, // no stack, no header
		{&tb{Type: "E", Notes: []string{"one", "", "two\nlines"}}, "E\none\n\ntwo\nlines\n"},
		{&tb{Type: "E", Notes: []string{}}, "E\n"},
		{&tb{Type: "S", Syntax: &stackfmt.SyntaxError{Msg: "m"}, Notes: []string{"n"}}, "S: m\nn\n"},
		{&tb{}, "\n"},
		{&tb{Type: "E", Message: "x", Cycle: true}, "<cycle> E: x\n"},
	}
	for _, test := range tests {
		if got := test.t.String(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
		if got := strings.Join(test.t.FormatErrorOnly(), ""); got != test.want {
			t.Errorf("error only: got %q, want %q", got, test.want)
		}
	}
}

// TestNil: a nil error is "<nil>" whatever function prints it.
func TestNil(t *testing.T) {
	var b bytes.Buffer
	if err := stackfmt.PrintError(&b, nil); err != nil {
		t.Fatal(err)
	}
	var none *tb
	for name, got := range map[string]string{
		"PrintError":      b.String(),
		"FormatError":     strings.Join(stackfmt.FormatError(nil), ""),
		"FormatErrorOnly": strings.Join(stackfmt.FormatErrorOnly(nil), ""),
		"AppendError":     string(stackfmt.AppendError(nil, nil)),
		"Go style":        string(none.Append(nil, stackfmt.WithStyle(stackfmt.StyleGo))),
		"OTelAttributes":  none.OTelAttributes()["exception.stacktrace"],
	} {
		if got != "<nil>\n" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if s := stackfmt.ExtractError(nil); s != nil {
		t.Errorf("the stack of nil is %v", s)
	}
	if got := stackfmt.FormatErrorStack(nil); got != nil {
		t.Errorf("the frames of nil are %q", got)
	}
}

func TestChain(t *testing.T) {
	cause, context := &tb{Type: "Cause"}, &tb{Type: "Context"}
	tests := []struct {
		name string
		t    *tb
		opts []stackfmt.PrintOption
		want string
	}{
		{"cause", &tb{Type: "E", Cause: cause}, nil, "Cause\n" + causeText + "E\n"},
		{"context", &tb{Type: "E", Context: context}, nil, "Context\n" + contextText + "E\n"},
		{"suppressed", &tb{Type: "E", Context: context, SuppressContext: true}, nil, "E\n"},
		{"both", &tb{Type: "E", Cause: cause, Context: context}, nil, "Cause\n" + causeText + "E\n"},
		{"no chain", &tb{Type: "E", Cause: cause}, []stackfmt.PrintOption{stackfmt.WithCauses(false)}, "E\n"},
		{"empty cause", &tb{Type: "E", Cause: &tb{}}, nil, "\n" + causeText + "E\n"},
		{"three", &tb{Type: "E", Cause: &tb{Type: "F", Context: context}}, nil,
			"Context\n" + contextText + "F\n" + causeText + "E\n"},
	}
	for _, test := range tests {
		if got := string(test.t.Append(nil, test.opts...)); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestCycles: trees that contain themselves are printed once, with a mark, by
// every function.
func TestCycles(t *testing.T) {
	self := &tb{Type: "A", Message: "x"}
	self.Cause = self
	a := &tb{Type: "A"}
	b := &tb{Type: "B", Cause: a}
	a.Context = b
	group := &tb{Type: "G"}
	group.Group = []*tb{{Type: "M", Cause: group}, group}
	tests := []struct {
		t    *tb
		want string
	}{
		{self, "<cycle> A: x\n" + causeText + "A: x\n"},
		{a, "<cycle> A\n" + causeText + "B\n" + contextText + "A\n"},
		{group, `  | G
  +-+---------------- 1 ----------------
    | <cycle> G
    | 
    | The above exception was the direct cause of the following exception:
    | 
    | M
    +---------------- 2 ----------------
    | <cycle> G
    +------------------------------------
`},
	}
	for _, test := range tests {
		if got := test.t.String(); got != test.want {
			t.Errorf("got\n%swant\n%s", got, test.want)
		}
		if got := string(test.t.Append(nil, stackfmt.WithStyle(stackfmt.StyleGo))); !strings.Contains(got, "<cycle> ") {
			t.Errorf("Go style: %q", got)
		}
		if _, err := json.Marshal(test.t); err == nil {
			t.Error("a cycle became JSON")
		}
		if got := fmt.Sprint(test.t.LogValue()); !strings.Contains(got, "cycle=true") {
			t.Errorf("slog: %s", got)
		}
	}
	if got := strings.Join(group.FormatErrorOnly(stackfmt.WithShowGroup(true)), ""); got != "G\n   M\n   <cycle> G\n" {
		t.Errorf("error only: %q", got)
	}
	// The same error twice is no cycle.
	twice := &tb{Type: "T"}
	shared := &tb{Type: "G", Group: []*tb{twice, twice}}
	if got := shared.String(); strings.Contains(got, "cycle") || strings.Count(got, "T\n") != 2 {
		t.Errorf("got\n%s", got)
	}
}

// TestLongChain: chains are walked, not recursed into.
func TestLongChain(t *testing.T) {
	e := &tb{Type: "Root"}
	for range 100_000 {
		e = &tb{Type: "E", Cause: e}
	}
	if got := fmt.Sprint(e.LogValue()); strings.Count(got, "cause=") != 32 || !strings.Contains(got, "cause=...") {
		t.Errorf("slog: %s", got)
	}
	got := e.String()
	if !strings.HasPrefix(got, "Root\n"+causeText+"E\n") || strings.Count(got, "E\n") != 100_000 {
		t.Errorf("%d errors in %d bytes", strings.Count(got, "E\n"), len(got))
	}
}

// nestedGroups returns depth groups, each the only member of the next.
func nestedGroups(depth int) *tb {
	e := &tb{Type: "E"}
	for range depth {
		e = &tb{Type: "G", Group: []*tb{e}}
	}
	return e
}

func TestGroupLimits(t *testing.T) {
	wide := &tb{Type: "G"}
	for i := range 1000 {
		wide.Group = append(wide.Group, &tb{Type: "E", Message: fmt.Sprint(i)})
	}
	got := wide.String()
	for _, want := range []string{"- 15 -", "    | E: 14\n", "- ... -", "    | and 985 more exceptions\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("width: no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "E: 15") {
		t.Errorf("width: too many in\n%s", got)
	}
	three := &tb{Type: "G", Group: wide.Group[:3]}
	want := `  | G
  +-+---------------- 1 ----------------
    | E: 0
    +---------------- 2 ----------------
    | E: 1
    +---------------- ... ----------------
    | and 1 more exception
    +------------------------------------
`
	if got := string(three.Append(nil, stackfmt.WithMaxGroupWidth(2))); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for _, width := range []int{-1, 15} {
		if got := string(wide.Append(nil, stackfmt.WithMaxGroupWidth(width))); got != wide.String() {
			t.Errorf("width %d is not the default", width)
		}
	}

	deep := nestedGroups(1000)
	for _, depth := range []int{2, 10, -1} {
		shown := depth
		if depth < 0 {
			shown = 10
		}
		got := string(deep.Append(nil, stackfmt.WithMaxGroupDepth(depth)))
		if n := strings.Count(got, "| G\n"); n != shown {
			t.Errorf("depth %d: %d groups in\n%s", depth, n, got)
		}
		if !strings.Contains(got, fmt.Sprintf("| ... (max_group_depth is %d)\n", shown)) {
			t.Errorf("depth %d: no mark in\n%s", depth, got)
		}
	}
	if n := strings.Count(string(deep.Append(nil, stackfmt.WithMaxGroupDepth(2000))), "| G\n"); n != 1000 {
		t.Errorf("%d of 1000 groups without a limit", n)
	}
	// Messages alone have no limit in Python either.
	if n := len(deep.FormatErrorOnly(stackfmt.WithShowGroup(true))); n != 1001 {
		t.Errorf("error only: %d lines", n)
	}
	if got := (&tb{Type: "G", Group: []*tb{nil}}).String(); !strings.Contains(got, "    | <nil>\n") {
		t.Errorf("a nil member prints\n%s", got)
	}
}

// TestGroupMargins: whatever ends a line for Python gets a margin after it.
func TestGroupMargins(t *testing.T) {
	g := &tb{Type: "G", Message: "a\rb\fc\u2028d\u0085e\r\nf", Group: []*tb{{Type: "E"}}}
	want := "  | G: a\r  | b\f  | c\u2028  | d\u0085  | e\r\n  | f\n"
	if got := g.String(); !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestShowGroup(t *testing.T) {
	text := "bad line\n"
	offset := 5
	g := &tb{Type: "A", Message: "2", Notes: []string{"n1\nn2"}, Group: []*tb{
		{Type: "B", Message: "two\nlines", Notes: []string{"note"}, Cause: &tb{Type: "hidden"}},
		{Type: "C", Group: []*tb{{Type: "S", Syntax: &stackfmt.SyntaxError{File: "f", Line: 3, EndLine: 3, Text: &text, Offset: &offset, Msg: "bad"}}}},
	}}
	want := "A: 2\nn1\nn2\n   B: two\n   lines\n   note\n   C\n" +
		"        File \"f\", line 3\n          bad line\n              ^\n      S: bad\n"
	if got := strings.Join(g.FormatErrorOnly(stackfmt.WithShowGroup(true)), ""); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := strings.Join(g.FormatErrorOnly(), ""); got != "A: 2\nn1\nn2\n" {
		t.Errorf("got %q", got)
	}
}

// TestSyntaxOffsets: an offset counts characters from 1; what lies outside the
// text marks the place after it, what lies before 1 marks nothing.
func TestSyntaxOffsets(t *testing.T) {
	const text = "  naïve := 1 )\n"
	tests := []struct {
		offset, end int // end 0: not known
		want        string
	}{
		{-5, 0, ""}, {0, 0, ""}, {1, 0, ""}, {2, 0, ""},
		{3, 0, "^"}, {3, 8, "^^^^^"}, {14, 0, "           ^"},
		{15, 0, "            ^"}, {16, 0, "            ^"}, {99, 0, "            ^"}, {99, 99, "            ^"},
		{9, 3, "      ^"}, {3, 1 << 30, "^^^^^^^^^^^^"},
	}
	for _, test := range tests {
		line := text
		s := &stackfmt.SyntaxError{Line: 1, EndLine: 1, Text: &line, Offset: &test.offset, Msg: "m"}
		if test.end != 0 {
			s.EndOffset = &test.end
		}
		want := "  File \"<string>\", line 1\n    naïve := 1 )\n"
		if test.want != "" {
			want += "    " + test.want + "\n"
		}
		want += "S: m\n"
		if got := (&tb{Type: "S", Syntax: s}).String(); got != want {
			t.Errorf("offset %d to %d: got\n%swant\n%s", test.offset, test.end, got, want)
		}
	}
	// The row of carets is bounded, though the end comes from outside.
	one, huge, line := 1, 1<<30, "x"
	s := &stackfmt.SyntaxError{Text: new(string), Offset: &one, EndOffset: &huge}
	if got := (&tb{Type: "S", Syntax: s}).String(); len(got) > 1<<17 {
		t.Errorf("%d bytes", len(got))
	}
	s.Text = &line
	if got := (&tb{Type: "S", Syntax: s}).String(); got != "    x\n    ^\nS: <no detail available>\n" {
		t.Errorf("got %q", got)
	}
}

// TestElideShared leaves out the calls that the error before was printed with.
func TestElideShared(t *testing.T) {
	cause := &tb{Type: "C", Stack: named("main", "run", "load", "read")}
	top := &tb{Type: "E", Stack: named("main", "run", "fail"), Cause: cause}
	want := `Traceback (most recent call last):
  File "a.go", line 1, in main
  File "a.go", line 2, in run
  File "a.go", line 3, in load
  File "a.go", line 4, in read
C
` + causeText + `Traceback (most recent call last):
  ...<2 frames as above>...
  File "a.go", line 3, in fail
E
`
	if got := string(top.Append(nil, stackfmt.WithElideShared())); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	hidden := strings.Replace(want, "  File \"a.go\", line 3, in load\n", "", 1)
	if got := string(top.Append(nil, stackfmt.WithElideShared(), stackfmt.WithHidden("load"))); got != hidden {
		t.Errorf("got\n%swant\n%s", got, hidden)
	}
	same := &tb{Type: "E", Stack: cause.Stack, Cause: cause}
	if got := string(same.Append(nil, stackfmt.WithElideShared())); !strings.HasSuffix(got, "  ...<3 frames as above>...\n  File \"a.go\", line 4, in read\nE\n") {
		t.Errorf("got\n%s", got)
	}
}

// TestElideSharedInGroups: members of a group begin where the group, or the one before, does.
func TestElideSharedInGroups(t *testing.T) {
	group := &tb{Type: "G", Stack: named("main", "run"), Group: []*tb{
		{Type: "A", Stack: named("main", "run", "load", "read")}, nil, {Type: "N"}, {Type: "B", Stack: named("main", "run", "load", "write")}}}
	got := string(group.Append(nil, stackfmt.WithElideShared()))
	for _, want := range []string{
		"    | Traceback (most recent call last):\n    |   ...<2 frames as above>...\n    |   File \"a.go\", line 3, in load\n    |   File \"a.go\", line 4, in read\n    | A\n",
		"    | Traceback (most recent call last):\n    |   ...<3 frames as above>...\n    |   File \"a.go\", line 4, in write\n    | B\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	}
	if got := string(group.Append(nil)); strings.Contains(got, "as above") {
		t.Errorf("without the option:\n%s", got)
	}
}

// TestGoStyle is the layout of runtime/debug.PrintStack.
func TestGoStyle(t *testing.T) {
	e := &tb{Type: "*main.E", Message: "outer", Stack: stackfmt.Stack{
		{File: "/srv/main.go", Line: 12, Func: "main.main", Offset: 0x1d},
		{Elided: 3},
		{File: "/srv/main.go", Line: 20, Func: "main.f", Args: "0x1, 0x2"},
		{File: "dec.c", Line: 4, Func: "decode", PC: 0x401000},
		{Binary: "/lib/libfoo.so", Func: "foo", PC: 0x7f00},
	}, Cause: &tb{Type: "Inner"}}
	want := `*main.E: outer

goroutine 1 [running]:
foo
	/lib/libfoo.so pc=0x7f00
decode
	dec.c:4 pc=0x401000
main.f(0x1, 0x2)
	/srv/main.go:20
...3 frames elided...
main.main(...)
	/srv/main.go:12 +0x1d

caused by: Inner
`
	if got := string(e.Append(nil, stackfmt.WithStyle(stackfmt.StyleGo))); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	g := &tb{Type: "G", Group: []*tb{{Type: "A"}, {Type: "B", Context: &tb{Type: "X"}, Group: []*tb{{Type: "C"}}}, nil, {Type: "D"}}}
	want = "G\n\nmember 1: A\n\nmember 2: B\n\nmember 2.1: C\n\nwhile handling: X\n\nmember 3: <nil>\n\nand 1 more\n"
	if got := string(g.Append(nil, stackfmt.WithStyle(stackfmt.StyleGo), stackfmt.WithMaxGroupWidth(3))); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	var b bytes.Buffer
	if err := stackfmt.PrintStack(&b, stackfmt.WithStyle(stackfmt.StyleGo)); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.String(), "goroutine ") || strings.HasPrefix(b.String(), "goroutine 1 ") ||
		!strings.Contains(b.String(), "stackfmt_test.TestGoStyle(...)\n\t") {
		t.Errorf("got\n%s", b.String())
	}
}
