package stackfmt_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// Functions that fail, for the carets of real stacks. What they return is below a
// line that could be taken for what failed.

func indexedAt(a []int, i int) int { return a[i+3] }

func limited(a []int) int { return a[0] + indexedAt(a, 1) }

func deferredIndex(a []int) int {
	defer func() { _ = a[9] }()
	return limitless(a) + 1
}

func limitless(a []int) int { return len(a) }

func thrownAgain(a []int) {
	defer func() {
		all := []any{recover()}
		panic(all[0])
	}()
	_ = a[5]
}

func saysSo(errs []error) error { return stackfmt.Wrap(errs[0], "index out of range") }

func isOne(errs []error) error { return stackfmt.WithStack(errs[0]) }

func throughValue(parse func(string) int) int {
	h := parse
	return h("value") + parseText("name")
}

func parseText(s string) int { panic("no " + s) }

// caretsOf returns what is marked in the last n frames, "-" for nothing.
func caretsOf(s stackfmt.Stack, n int, opts ...stackfmt.PrintOption) string {
	var marked []string
	for _, item := range s.Format(opts...) {
		lines := strings.Split(item, "\n")
		got := "-"
		if len(lines) > 3 && strings.Trim(lines[2], " \t~^") == "" && lines[2] != "" {
			from := strings.IndexAny(lines[2], "~^")
			got = lines[1][from:len(lines[2])]
		}
		marked = append(marked, got)
	}
	return strings.Join(marked[max(0, len(marked)-n):], " | ")
}

// TestCaretsOfStacks: what is marked below the last frames of real stacks, printed
// without the error.
func TestCaretsOfStacks(t *testing.T) {
	var caught any
	stackOf := func(f func(), opts ...stackfmt.TakeOption) (s stackfmt.Stack) {
		defer func() {
			caught = recover()
			s = stackfmt.ExtractPanic(caught, opts...)
		}()
		f()
		return nil
	}
	limit := func() { limited([]int{1}) }
	whole := stackOf(limit)
	boundsError := caught.(error)
	n := len(whole)
	for _, test := range []struct {
		name string
		s    stackfmt.Stack
		n    int
		opts []stackfmt.PrintOption
		want string
	}{
		{"index", whole, 2, nil, "indexedAt(a, 1) | a[i+3]"},
		{"limit when printed", whole, 1, []stackfmt.PrintOption{stackfmt.WithLimit(n - 1)}, "indexedAt(a, 1)"},
		{"limit when taken", stackOf(limit, stackfmt.WithLimit(n-1)), 1, nil, "indexedAt(a, 1)"},
		{"both ends", whole, 3, []stackfmt.PrintOption{stackfmt.WithFirstFrames(n - 2), stackfmt.WithLastFrames(1)}, "limited([]int{1}) | - | a[i+3]"},
		{"hidden", whole, 1, []stackfmt.PrintOption{stackfmt.WithHidden(whole[n-1].Func)}, "indexedAt(a, 1)"},
		{"deferred", stackOf(func() { deferredIndex(nil) }), 2, nil, "- | a[9]"},
		{"thrown again", stackOf(func() { thrownAgain(nil) }), 2, nil, "fn() | panic(all[0])"},
		{"says so", stackfmt.ExtractError(saysSo([]error{errors.New("x")})), 1, nil, "-"},
		{"is one", stackfmt.ExtractError(isOne([]error{boundsError})), 1, nil, "-"},
		{"function value", stackOf(func() { throughValue(parseText) }), 2, nil, `- | panic("no " + s)`},
		{"function value alone", stackOf(func() { func(h func(string) int) { _ = fmt.Sprint(h("x")) }(parseText) }), 2, nil, `h("x") | panic("no " + s)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := caretsOf(test.s, test.n, test.opts...); got != test.want {
				t.Errorf("marked %q, want %q\n%v", got, test.want, test.s)
			}
		})
	}
	if e := stackfmt.FromError(isOne([]error{boundsError})); caretsOf(e.Stack, 1) != "-" || strings.Contains(strings.Join(e.Format(), ""), "errs[0])\n        ") {
		t.Errorf("a run-time error that was wrapped:\n%s", e)
	}
}

// TestResumedFunction: what a function that recovered calls at its end has no calls
// below that were inlined and are not being made.
func TestResumedFunction(t *testing.T) {
	var s stackfmt.Stack
	resumed(4, func() { s = stackfmt.ExtractStack() })
	n := len(s)
	if n < 3 || !strings.HasSuffix(s[n-2].Func, ".resumed") {
		t.Fatalf("below the deferred call:\n%v", s)
	}
	if s[n-2].Callee != "runtime.deferreturn" {
		t.Errorf("callee %q", s[n-2].Callee)
	}
}

//go:noinline
func resumed(x int, f func()) int {
	defer f()
	defer func() { _ = recover() }()
	if x > 3 {
		panic(inlined(x))
	}
	return x
}

func inlined(x int) string { return strings.Repeat("x", x) }
