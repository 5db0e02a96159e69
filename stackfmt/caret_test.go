package stackfmt_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// marked makes a frame of source in which ⟦ and ⟧ stand around the range.
func marked(source string) stackfmt.Frame {
	before, rest, _ := strings.Cut(source, "⟦")
	within, after, _ := strings.Cut(rest, "⟧")
	upTo := before + within
	return stackfmt.Frame{
		File: "x.go", Line: 1, Func: "f", Source: before + within + after,
		EndLine: 1 + strings.Count(upTo, "\n"),
		Col:     len(before),
		EndCol:  len(upTo) - (strings.LastIndexByte(upTo, '\n') + 1),
	}
}

// sourceOf returns what is printed below the position of a frame.
func sourceOf(f stackfmt.Frame, opts ...stackfmt.PrintOption) string {
	_, lines, _ := strings.Cut(string(stackfmt.Stack{f}.Append(nil, opts...)), "\n")
	return lines
}

// caretCases are those of CPython's test_traceback that mean the same in Go, with its
// output.
var caretCases = []struct{ name, source, want string }{
	{"operator", "x = ⟦a + b⟧ + c", `
    x = a + b + c
        ~~^~~
`},
	{"two characters", "x = ⟦a << b⟧", `
    x = a << b
        ~~^^~~
`},
	{"clear bit", "x = ⟦a &^ b⟧", `
    x = a &^ b
        ~~^^~~
`},
	{"blanks", "    return ⟦( a   +   b ) / (  0 )⟧", `
    return ( a   +   b ) / (  0 )
           ~~~~~~~~~~~~~~^~~~~~~~
`},
	{"in parentheses", "return ⟦((a) + (b))⟧", `
    return ((a) + (b))
           ~~~~~^~~~~~
`},
	{"no blanks", "return ⟦a/b⟧", `
    return a/b
           ~^~
`},
	{"comparison", "x = ⟦a == b⟧ + 1", `
    x = a == b + 1
        ^^^^^^
`},
	{"unary", "x = ⟦-a⟧ + 1", `
    x = -a + 1
        ^^
`},
	{"index", `x = ⟦d["x"]["y"]["z"]⟧`, `
    x = d["x"]["y"]["z"]
        ~~~~~~~~~~~^^^^^
`},
	{"index of an index", `x = ⟦d["x"]["y"]⟧["z"]`, `
    x = d["x"]["y"]["z"]
        ~~~~~~^^^^^
`},
	{"slice", `x = ⟦d[1:2]⟧`, `
    x = d[1:2]
        ~^^^^^
`},
	{"call", "x = 1; ⟦boom(1, 2)⟧", `
    x = 1; boom(1, 2)
           ~~~~^^^^^^
`},
	{"call in parentheses", "x = ⟦(f)(1)⟧[2]", `
    x = (f)(1)[2]
        ~~~^^^
`},
	{"method", "return ⟦o.m()⟧", `
    return o.m()
           ~~~^^
`},
	{"assertion", "x, y = ⟦v.(int)⟧, 1", `
    x, y = v.(int), 1
           ~^^^^^^
`},
	{"attribute", "x = ⟦y.z⟧", `
    x = y.z
        ^^^
`},
	{"part of an attribute", "⟦a.b⟧.c", `
    a.b.c
    ^^^
`},
	{"whole line", "⟦a.b.c⟧", `
    a.b.c
`},
	{"whole call", "⟦run()⟧", `
    run()
    ~~~^^
`},
	{"return f()", "return ⟦f(a)⟧", `
    return f(a)
`},
	{"return f() + 1", "return ⟦f(a)⟧ + 1", `
    return f(a) + 1
           ~^^^
`},
	{"x = f()", "x = ⟦f(a)⟧", `
    x = f(a)
`},
	{"x = o.m()", "x = ⟦o.m(a)⟧", `
    x = o.m(a)
`},
	{"x, err := f()", "x, err := ⟦f(a)⟧", `
    x, err := f(a)
              ~^^^
`},
	{"x := f()", "x := ⟦f(a)⟧", `
    x := f(a)
`},
	{"less indented behind", "    ⟦f(x)⟧.y\nmore", `
    f(x).y
    ~^^^
`},
	{"not balanced", "(⟦a) + (b⟧)", `
    (a) + (b)
     ~~~^~~~
`},
	{"a call within", "x = f(⟦g(a)⟧)", `
    x = f(g(a))
          ~^^^
`},
	{"characters of several bytes", "é = ⟦ñ + ü⟧", `
    é = ñ + ü
        ~~^~~
`},
	{"x = f() after such a character", "é = ⟦f(a)⟧", `
    é = f(a)
        ~^^^
`},
	{"wide characters", "値 = ⟦表(値)⟧ + 1", `
    値 = 表(値) + 1
         ~~^^^^
`},
	{"emoji", `s = "🙂" + ⟦f("🙂🙂")⟧`, `
    s = "🙂" + f("🙂🙂")
               ~^^^^^^^^
`},
	{"does not parse", "x = ⟦a b⟧ c", `
    x = a b c
        ^^^
`},
	{"C", "p = ⟦q->next⟧;", `
    p = q->next;
        ^^^^^^^
`},
	{"statement", "⟦if (x) foo();⟧ bar();", `
    if (x) foo(); bar();
    ^^^^^^^^^^^^^
`},
	{"only a comment", "// ⟦nothing⟧ here", `
    // nothing here
`},
	{"operator at the end of a line", "x = (⟦aaa +\n     bbb⟧)", `
    x = (aaa +
         ~~~~^
         bbb)
         ~~~
`},
	{"many arguments", "⟦foo(\n    a,\n    b,\n    c,\n    d,\n)⟧", `
    foo(
    ~~~^
        a,
        ^^
    ...<2 lines>...
        d,
        ^^
    )
    ^
`},
	{"one line between", "⟦foo(\n    a,\n    b,\n    c,\n)⟧", `
    foo(
    ~~~^
        a,
        ^^
        b,
        ^^
        c,
        ^^
    )
    ^
`},
	{"no comma before the end", "⟦foo(\n    a, // first\n    b\n)⟧ + 1", `
    foo(
    ~~~^
        a, // first
        ^^^^^^^^^^^
        b
        ^
    ) + 1
    ^
`},
	{"elided over lines", "x = ⟦foo(\n    1,\n    2,\n    3,\n    4,\n)⟧", `
    x = foo(
        1,
    ...<2 lines>...
        4,
    )
`},
	{"a range inside one character", "⟦é⟧", `
    é
`},
	{"raw string", "x = ⟦f(`a\nb`)⟧[0]", "\n    x = f(`a\n        ~^^^\n    b`)[0]\n    ^^^\n"},
}

// TestCarets prints them.
func TestCarets(t *testing.T) {
	for _, test := range caretCases {
		t.Run(test.name, func(t *testing.T) {
			want := strings.TrimPrefix(test.want, "\n")
			f := marked(test.source)
			if got := sourceOf(f); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// TestCaretsOff is Python's -X no_debug_ranges.
func TestCaretsOff(t *testing.T) {
	f := marked("    return ⟦a.b⟧.c")
	if got, want := sourceOf(f, stackfmt.WithCarets(false)), "    return a.b.c\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	f.Col, f.EndCol = 0, 0
	if got, want := sourceOf(f), "    return a.b.c\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestHostileColumns: whatever the numbers, there is text and no panic.
func TestHostileColumns(t *testing.T) {
	const big = int(^uint(0) >> 1)
	numbers := []int{-big - 1, -1, 0, 1, 2, 3, 5, 100, big}
	for _, source := range []string{"é = 表(x)", "a +\n\tb", "\n\nx", "\xff\xfe+\xff", "   ", "x\n", "\r\n"} {
		for _, line := range []int{1, big} {
			for _, endLine := range numbers {
				for _, col := range numbers {
					for _, endCol := range numbers {
						f := stackfmt.Frame{File: "x", Line: line, Func: "f", Source: source, EndLine: endLine, Col: col, EndCol: endCol}
						for _, on := range []bool{false, true} {
							got := stackfmt.Stack{f}.Append(nil, stackfmt.WithColorize(on))
							if len(got) > 1000 {
								t.Fatalf("%d bytes for %+v", len(got), f)
							}
						}
					}
				}
			}
		}
	}
}

// TestLongLine: a caret row is as long as its line, and drawn in linear time.
func TestLongLine(t *testing.T) {
	f := marked("x = ⟦f(" + strings.Repeat("あ", 100_000) + ")⟧ + 1")
	got := strings.Split(sourceOf(f), "\n")
	if want := 4 + 4 + 1 + 2 + 200_000; len(got[1]) != want {
		t.Errorf("%d carets, want %d", len(got[1]), want)
	}
}

func TestAnchors(t *testing.T) {
	tests := []struct{ segment, want string }{
		{"a+b", "+"}, {"a%b", "%"}, {"a>>b", ">>"}, {"a*b+c", "+"}, {"a+b*c", "+"}, {"(a+b)*c", "*"},
		{"a/(b)", "/("}, {"a/ (b)", "/"}, {"a<<(b)", "<<"}, {"a+-b", "+"}, {"a&^b", "&^"}, {"a+/* */b", "+"}, {"a+\nb", "+"},
		{"a\n+ b", "+"}, {"a + // x\nb", "+"}, {"a + /* ( */ b", "+"},
		{"f(x)(y)", "(y)"}, {"f[int](x)", "(x)"}, {"f[a, b]", "[a, b]"}, {"x[:]", "[:]"}, {"x.(T)", ".(T)"},
		{"f(a,\nb\n)", "(a,\nb\n)"}, {"f(func() {\n\tg()\n\th()\n})", "(func() {\n\tg()\n\th()\n})"},
		{"f(`\n`, '\\n')", "(`\n`, '\\n')"},
		{"", ""}, {"a", ""}, {"a, b", ""}, {"x = 1", ""}, {"a &&b", ""}, {"a < b", ""}, {"T{1}", ""}, {"a +", ""},
		// Ranges that begin or end within an expression, as CPython parses them.
		{")(", ""}, {"f)(x", ""}, {"f) + (x", "+"}, {"()()", "()"}, {"( )(x)", "(x)"}, {"(a)) + (", "+"}, {"[i](x, y)", "(x, y)"},
		{"[k][j]", "[j]"}, {"[f()](x)", "(x)"}, {"[a + b]", ""}, {"()", ""}, {"(f())(", ""},
	}
	for _, test := range tests {
		got, ok := stackfmt.FindAnchor(test.segment)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("%q: got %q, %v; want %q", test.segment, got, ok, test.want)
		}
	}
}

func TestDisplayWidth(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "abc": 3, "é": 1, "e\u0301": 1, "\u00ad": 1, "❤\ufe0f": 2, "\U0001f469\u200d\U0001f467": 4, "表": 2, "ｶ": 1, "Ａ": 2, "🙂": 2, "☰": 2, "\t": 1, "\xff": 1, "한글": 4, "Ж": 1,
	} {
		if got := stackfmt.DisplayWidth(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// TestColor: the parts of a line above the carets are coloured like these, in runs
// that end where a wide character meets a narrow one, as Python's do.
func TestColor(t *testing.T) {
	show := strings.NewReplacer("\x1b[1;31m", "{!", "\x1b[31m", "{~", "\x1b[35m", "{m", "\x1b[1;35m", "{t", "\x1b[36m", "{c", "\x1b[0m", "}").Replace
	tests := []struct{ source, want string }{
		{"  x = ⟦a + b⟧", "    x = {~a }{!+}{~ b}\n        {~~~}{!^}{~~~}\n"},
		{"v = ⟦表(値)⟧ + 1", "    v = {~表}{!(}{!値}{!)} + 1\n        {~~~}{!^}{!^^}{!^}\n"},
		{"⟦a.b⟧.c", "    {!a.b}.c\n    {!^^^}\n"},
		{"⟦a.b.c⟧", "    a.b.c\n"},
	}
	for _, test := range tests {
		got := show(sourceOf(marked(test.source), stackfmt.WithColor(stackfmt.ColorAlways)))
		if got != test.want {
			t.Errorf("got\n%swant\n%s", got, test.want)
		}
	}
	one, four := 3, 5
	text := "  bad x\n"
	e := &stackfmt.Traceback{Type: "G", Stack: named("f"), Group: []*stackfmt.Traceback{{Type: "S", Notes: []string{"n"},
		Syntax: &stackfmt.SyntaxError{File: "f", Line: 1, EndLine: 1, Text: &text, Offset: &one, EndOffset: &four, Msg: "m"}}}}
	want := `  + Exception Group Traceback (most recent call last):
  |   File {m"a.go"}, line {m1}, in {mf}
  | {tG}
  +-+---------------- 1 ----------------
    |   File {m"f"}, line {m1}
    |     {!ba}d x
    |     {!^^}
    | {tS}: {mm}
    | {cn}
    +------------------------------------
`
	if got := show(string(e.Append(nil, stackfmt.WithColor(stackfmt.ColorAlways)))); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := fmt.Sprint(e); strings.Contains(got, "\x1b") {
		t.Error("colour without being asked for")
	}
}
