package peers_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	cockroach "github.com/cockroachdb/errors"
	"github.com/cockroachdb/errors/exthttp"
	goerrors "github.com/go-errors/errors"
	pkgerrors "github.com/pkg/errors"
	"github.com/rotisserie/eris"
	"github.com/samber/oops"
	tozd "gitlab.com/tozd/go/errors"
	"golang.org/x/xerrors"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// libraries are the ways in which each library makes an error with a stack and
// wraps one with another.
var libraries = []struct {
	name string
	make func(text string) error
	wrap func(err error, text string) error
	// oneStack says that the library keeps a single stack for the chain.
	oneStack bool
}{
	{"stackfmt", func(s string) error { return stackfmt.WithStack(errors.New(s)) }, stackfmt.Wrap, false},
	{"pkg/errors", pkgerrors.New, pkgerrors.Wrap, false},
	{"cockroachdb/errors", func(s string) error { return cockroach.New(s) }, func(err error, s string) error { return cockroach.Wrap(err, s) }, false},
	{"go-errors", func(s string) error { return goerrors.New(s) }, func(err error, s string) error { return goerrors.WrapPrefix(err, s, 0) }, true},
	{"eris", eris.New, eris.Wrap, true},
	{"oops", func(s string) error { return oops.Errorf("%s", s) }, func(err error, s string) error { return oops.Wrapf(err, "%s", s) }, false},
	{"tozd", func(s string) error { return tozd.New(s) }, func(err error, s string) error { return tozd.Wrap(err, s) }, false},
}

// below makes an error n calls deeper.
//
//go:noinline
func below(n int, newError func(string) error) error {
	if n == 0 {
		return newError("broken")
	}
	return below(n-1, newError)
}

// TestLibraries: of each library's errors the stack is found, whole, with
// complete names, and in the right order.
func TestLibraries(t *testing.T) {
	for _, lib := range libraries {
		t.Run(lib.name, func(t *testing.T) {
			tb := stackfmt.FromError(below(3, lib.make))
			if tb.Message != "broken" || tb.Cause != nil {
				t.Errorf("message %q, cause %v", tb.Message, tb.Cause)
			}
			calls := 0
			for i, f := range tb.Stack {
				if strings.HasSuffix(f.Func, "/peers_test.below") {
					calls++
				}
				if i > 0 && strings.HasSuffix(tb.Stack[i-1].Func, ".below") && strings.HasSuffix(f.Func, ".TestLibraries.func1") {
					t.Error("the stack is upside down")
				}
				if f.Line == 0 || f.File == "" {
					t.Errorf("frame without a position: %+v", f)
				}
				if strings.HasPrefix(f.Func, "runtime.") {
					t.Errorf("frame of the runtime: %+v", f)
				}
			}
			if calls != 4 {
				t.Errorf("%d calls of below, want 4:\n%s", calls, tb)
			}
			if !strings.Contains(tb.String(), "\n    return below(n-1, newError)\n") {
				t.Errorf("no source lines:\n%s", tb)
			}

			// Words around it change nothing but the message.
			wrapped := stackfmt.FromError(fmt.Errorf("a: %w", fmt.Errorf("b: %w", below(3, lib.make))))
			if wrapped.Message != "a: b: broken" || wrapped.Cause != nil || len(wrapped.Stack) != len(tb.Stack) {
				t.Errorf("wrapped:\n%s", wrapped)
			}

			// The library's own wrapper.
			outer := stackfmt.FromError(lib.wrap(below(3, lib.make), "outer"))
			if !strings.HasPrefix(outer.Message, "outer") {
				t.Errorf("outer message %q", outer.Message)
			}
			if lib.oneStack {
				if outer.Cause != nil {
					t.Errorf("a second block:\n%s", outer)
				}
				return
			}
			if outer.Cause == nil || outer.Cause.Message != "broken" || len(outer.Cause.Stack) != len(tb.Stack) {
				t.Fatalf("outer:\n%s", outer)
			}
			if outer.Cause.Cause != nil {
				t.Errorf("a third block:\n%s", outer)
			}
			if len(outer.Stack) == 0 || len(outer.Stack) >= len(tb.Stack) {
				t.Errorf("stack of the wrapper:\n%s", outer)
			}
		})
	}
}

// TestLibraryHasStack: WithStack adds nothing to an error of any library.
func TestLibraryHasStack(t *testing.T) {
	for _, lib := range libraries {
		err := fmt.Errorf("a: %w", below(1, lib.make))
		if got := stackfmt.WithStack(err); got != err {
			t.Errorf("%s: a second stack was taken", lib.name)
		}
	}
}

// TestLibraryCut: a stack that the library's limit cut is marked.
func TestLibraryCut(t *testing.T) {
	for _, lib := range libraries {
		if lib.name == "oops" {
			continue // gives ten resolved frames, and no sign that there were more
		}
		st := stackfmt.FromError(below(200, lib.make)).Stack
		marked := st[0].Elided != 0
		if whole := len(st) > 200; marked == whole {
			t.Errorf("%s: %d frames, the first is %+v", lib.name, len(st), st[0])
		}
	}
}

func TestLibraryDetails(t *testing.T) {
	err := cockroach.WithDetail(cockroach.WithHint(cockroach.New("x"), "try again"), "row 7")
	tb := stackfmt.FromError(err)
	if got := fmt.Sprint(tb.Notes); got != "[hint: try again row 7]" {
		t.Errorf("notes %s", got)
	}
	joined := stackfmt.FromError(tozd.Join(tozd.New("a"), tozd.New("b")))
	if len(joined.Group) != 2 || len(joined.Group[1].Stack) == 0 {
		t.Errorf("tozd.Join:\n%s", joined)
	}
	if tb := stackfmt.FromError(pkgerrors.WithStack(io.EOF)); tb.Message != "EOF" || len(tb.Stack) == 0 {
		t.Errorf("pkgerrors.WithStack:\n%s", tb)
	}
}

// TestLibraryFields: codes, fields, hints, details and secondary errors are notes.
func TestLibraryFields(t *testing.T) {
	withDetails := tozd.New("x")
	tozd.Details(withDetails)["row"] = 7
	tozd.Details(withDetails)["file"] = "a.csv"
	for _, test := range []struct {
		name string
		err  error
		want []string
	}{
		{
			"oops", oops.Code("E42").In("import").Tags("a", "b").Hint("retry").Owner("team").With("row", 7, "file", "a.csv").Errorf("x"),
			[]string{"code: E42", "domain: import", "tags: a, b", "hint: retry", "owner: team", "file = a.csv", "row = 7"},
		},
		{"oops twice", oops.With("outer", 1).Wrap(oops.With("row", 7).Errorf("x")), []string{"row = 7", "outer = 1"}},
		{"tozd", withDetails, []string{"file = a.csv", "row = 7"}},
		{"secondary", cockroach.WithSecondaryError(cockroach.New("x"), errors.New("rollback failed")), []string{"secondary error: rollback failed"}},
		{"http", exthttp.WrapWithHTTPCode(cockroach.New("x"), 404), []string{"code: 404"}},
		{"hint", cockroach.WithHint(cockroach.WithDetail(cockroach.New("x"), "row 7"), "retry"), []string{"row 7", "hint: retry"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			tb := stackfmt.FromError(test.err)
			var got []string
			for ; tb != nil; tb = tb.Cause {
				got = append(slices.Clone(tb.Notes), got...)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("notes %q, want %q", got, test.want)
			}
		})
	}
}

// TestHiddenCauses: what a barrier masks, and what tozd keeps beside what it wraps.
func TestHiddenCauses(t *testing.T) {
	masked := stackfmt.FromError(cockroach.HandledWithMessage(io.ErrUnexpectedEOF, "could not import"))
	if masked.Message != "could not import" || masked.Cause == nil || masked.Cause.Message != "unexpected EOF" {
		t.Errorf("barrier:\n%s", masked)
	}
	with := stackfmt.FromError(tozd.WrapWith(io.ErrUnexpectedEOF, errors.New("could not import")))
	if !strings.Contains(with.String(), "unexpected EOF") || !strings.Contains(with.String(), "could not import") {
		t.Errorf("WrapWith:\n%s", with)
	}
}

//go:noinline
func xerror() error { return xerrors.New("broken") }

// TestXerrors: the positions that x/xerrors keeps are shown; they are no stacks.
func TestXerrors(t *testing.T) {
	err := xerrors.Errorf("outer: %w", xerror())
	tb := stackfmt.FromError(err)
	if tb.Message != "outer: broken" || len(tb.Stack) != 1 || !strings.HasSuffix(tb.Stack[0].Func, ".TestXerrors") ||
		tb.Cause == nil || len(tb.Cause.Stack) != 1 || !strings.HasSuffix(tb.Cause.Stack[0].Func, ".xerror") || tb.Cause.Stack[0].Line == 0 {
		t.Errorf("got\n%s", tb)
	}
	if stackfmt.WithStack(err) == err {
		t.Error("a position is taken for a stack")
	}
}

//go:noinline
func wrappedByEris() error {
	err := eris.New("broken")
	return eris.Wrap(err, "outer")
}

// TestErisOnce: the calls of Wrap that eris puts into the stack are left out.
func TestErisOnce(t *testing.T) {
	tb := stackfmt.FromError(eris.Wrap(wrappedByEris(), "outermost"))
	calls := map[string]int{}
	for _, f := range tb.Stack {
		calls[f.Func[strings.LastIndexByte(f.Func, '.')+1:]]++
	}
	if calls["wrappedByEris"] != 1 || calls["TestErisOnce"] != 1 {
		t.Errorf("got\n%s", tb)
	}
}
