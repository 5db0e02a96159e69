package stackfmt_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// Options are of the types of the functions that have a use for them.
var (
	_ stackfmt.TakeOption  = stackfmt.WithLimit(1)
	_ stackfmt.PrintOption = stackfmt.WithLimit(1)
	_ stackfmt.Option      = stackfmt.WithAllWrappers()
	_                      = []stackfmt.TakeOption{stackfmt.WithSkip(1), stackfmt.WithLocals(nil), stackfmt.WithCompact(true)}
	_                      = []stackfmt.PrintOption{stackfmt.WithCauses(true), stackfmt.WithTheme(stackfmt.Theme{}), nil}
)

func TestOptionTypes(t *testing.T) {
	for name, o := range map[string]stackfmt.Option{
		"WithAllWrappers": stackfmt.WithAllWrappers(), "WithSkip": stackfmt.WithSkip(1), "WithEarlierPanics": stackfmt.WithEarlierPanics(),
	} {
		if _, ok := o.(stackfmt.PrintOption); ok {
			t.Errorf("%s is an option for printing", name)
		}
	}
	for name, o := range map[string]stackfmt.Option{
		"WithCarets": stackfmt.WithCarets(true), "WithStyle": stackfmt.WithStyle(0), "WithSource": stackfmt.WithSource(nil),
	} {
		if _, ok := o.(stackfmt.TakeOption); ok {
			t.Errorf("%s is an option for taking", name)
		}
	}
}

// TestFormerNames: they do what the new ones do.
func TestFormerNames(t *testing.T) {
	e := &stackfmt.Traceback{Type: "E", Message: "m", Stack: named("a", "b", "c"), Cause: &stackfmt.Traceback{Type: "C"}}
	for name, both := range map[string][2]stackfmt.PrintOption{
		"FirstFrames":  {stackfmt.FirstFrames(1), stackfmt.WithFirstFrames(1)},                  //nolint:staticcheck // on purpose
		"LastFrames":   {stackfmt.LastFrames(1), stackfmt.WithLastFrames(1)},                    //nolint:staticcheck // on purpose
		"WithChain":    {stackfmt.WithChain(false), stackfmt.WithCauses(false)},                 //nolint:staticcheck // on purpose
		"WithColorize": {stackfmt.WithColorize(true), stackfmt.WithColor(stackfmt.ColorAlways)}, //nolint:staticcheck // on purpose
	} {
		plain := string(e.Append(nil))
		old, now := string(e.Append(nil, both[0])), string(e.Append(nil, both[1]))
		if old != now || old == plain {
			t.Errorf("%s:\n%s\nits new name:\n%s", name, old, now)
		}
	}
}

func TestFrameText(t *testing.T) {
	f := stackfmt.Frame{File: "a b.go", Line: 3, Func: "main.f", Source: "x", Locals: map[string]string{"a": "1"}}
	for format, want := range map[string]string{
		"%v": `File "a b.go", line 3, in main.f`, "%s": `File "a b.go", line 3, in main.f`,
		"%+v": "<FrameSummary file a b.go, line 3 in main.f>", "%q": `"File \"a b.go\", line 3, in main.f"`,
	} {
		if got := fmt.Sprintf(format, f); got != want {
			t.Errorf("%s: %s, want %s", format, got, want)
		}
	}
	if got := fmt.Sprintf("%#v", f); !strings.Contains(got, `Line:3`) {
		t.Errorf("%%#v: %s", got)
	}
	if got := (stackfmt.Frame{Elided: 2}).String(); got != "...<2 frames>..." {
		t.Errorf("a mark: %s", got)
	}
}

func TestClearLast(t *testing.T) {
	func() {
		defer func() { stackfmt.FromPanic(recover()) }()
		panic("x")
	}()
	if _, err := stackfmt.FormatLast(); err != nil {
		t.Fatal(err)
	}
	stackfmt.ClearLast()
	if _, err := stackfmt.FormatLast(); !errors.Is(err, stackfmt.ErrNoLastPanic) {
		t.Errorf("after ClearLast: %v", err)
	}
}

// TestErrorOnlyLimits: the function limits groups as a traceback does, the method
// does not, as Python's.
func TestErrorOnlyLimits(t *testing.T) {
	var list []error
	for i := range 20 {
		list = append(list, fmt.Errorf("e%d", i))
	}
	err := errors.Join(errors.Join(list...), errors.New("last"))
	show := stackfmt.WithShowGroup(true)
	for _, test := range []struct {
		got  []string
		want string
		n    int
	}{
		{stackfmt.FormatErrorOnly(err, show), "      and 5 more\n", 19},
		{stackfmt.FormatErrorOnly(err, show, stackfmt.WithMaxGroupWidth(1)), "   and 1 more\n", 5},
		{stackfmt.FormatErrorOnly(err, show, stackfmt.WithMaxGroupDepth(1)), "      ... (max_group_depth is 1)\n", 4},
		{stackfmt.FromError(err).FormatErrorOnly(show), "   *errors.errorString: last\n", 23},
	} {
		if !strings.Contains(strings.Join(test.got, ""), test.want) || len(test.got) != test.n {
			t.Errorf("%d lines, want %d with %q:\n%s", len(test.got), test.n, test.want, strings.Join(test.got, ""))
		}
	}
}

func TestTheme(t *testing.T) {
	e := &stackfmt.Traceback{Type: "E", Message: "m", Notes: []string{"n"}, Stack: stackfmt.Stack{{File: "a.go", Line: 1, Func: "f", Source: "g(x) + h", EndCol: 4}}}
	theme := stackfmt.Theme{Type: "<t>", Note: "<n>", Func: "<f>", Highlight: "<h>", Range: "<r>", Reset: "</>"}
	want := `Traceback (most recent call last):
  File "a.go"</>, line 1</>, in <f>f</>
    <r>g</><h>(x)</> + h
    <r>~</><h>^^^</>
<t>E</>: m</>
<n>n</>
`
	if got := string(e.Append(nil, stackfmt.WithColor(stackfmt.ColorAlways), stackfmt.WithTheme(theme))); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := string(e.Append(nil, stackfmt.WithTheme(theme))); strings.Contains(got, "<") {
		t.Errorf("a theme alone colours:\n%s", got)
	}
}

// TestControls: what a terminal would obey is escaped if asked for, and the colours
// are kept.
func TestControls(t *testing.T) {
	e := &stackfmt.Traceback{Type: "E", Message: "a\x1b[2Jb\x07\rc\u202ed\x9b\u009b\te\nü", Notes: []string{"\x1b]0;title\x07"}}
	for _, test := range []struct {
		opts []stackfmt.PrintOption
		want string
	}{
		{[]stackfmt.PrintOption{stackfmt.WithControls(stackfmt.ControlEscape)}, `E: a\x1b[2Jb\x07\x0dc\u202ed\x9b\x9b` + "\te\nü\n" + `\x1b]0;title\x07` + "\n"},
		{nil, "E: " + e.Message + "\n" + e.Notes[0] + "\n"},
		{
			[]stackfmt.PrintOption{stackfmt.WithControls(stackfmt.ControlEscape), stackfmt.WithColor(stackfmt.ColorAlways)},
			"\x1b[1;35mE\x1b[0m: \x1b[35m" + `a\x1b[2Jb\x07\x0dc\u202ed\x9b\x9b` + "\te\nü\x1b[0m\n\x1b[36m" + `\x1b]0;title\x07` + "\x1b[0m\n",
		},
	} {
		if got := string(e.Append(nil, test.opts...)); got != test.want {
			t.Errorf("got  %q\nwant %q", got, test.want)
		}
	}
}

// TestNoTerminal: a device that is none gets neither colour nor escapes.
func TestNoTerminal(t *testing.T) {
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if stackfmt.CanColorize(f, func(string) string { return "" }) {
		t.Errorf("%s is taken for a terminal", os.DevNull)
	}
	var b bytes.Buffer
	if err := (&stackfmt.Traceback{Type: "E", Message: "\x1b"}).Print(&b); err != nil || b.String() != "E: \x1b\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}
