package stackfmt_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// silent wraps an error that its message does not mention.
type silent struct {
	message string
	err     error
}

func (s *silent) Error() string { return s.message }
func (s *silent) Unwrap() error { return s.err }

var errGone = errors.New("disk gone")

var hidingErrors = map[string]struct {
	err  error
	want string
}{
	"one": {&silent{"query failed", errGone}, `
*errors.errorString: disk gone

The above exception was the direct cause of the following exception:

*stackfmt_test.silent: query failed
`},
	"between wrappers": {fmt.Errorf("serve: %w", &silent{"query failed", fmt.Errorf("read: %w", errGone)}), `
*errors.errorString: read: disk gone

The above exception was the direct cause of the following exception:

*stackfmt_test.silent: serve: query failed
`},
	"twice": {&silent{"outer", &silent{"inner", errGone}}, `
*errors.errorString: disk gone

The above exception was the direct cause of the following exception:

*stackfmt_test.silent: inner

The above exception was the direct cause of the following exception:

*stackfmt_test.silent: outer
`},
	"a group": {&silent{"all failed", errors.Join(errGone, errors.New("net down"))}, `
  | *errors.joinError: 2 errors
  +-+---------------- 1 ----------------
    | *errors.errorString: disk gone
    +---------------- 2 ----------------
    | *errors.errorString: net down
    +------------------------------------

The above exception was the direct cause of the following exception:

*stackfmt_test.silent: all failed
`},
	"a word in the middle": {&silent{"fetch: EOF", &silent{"page 9: EOF", io.EOF}}, `
*stackfmt_test.silent: page 9: EOF

The above exception was the direct cause of the following exception:

*stackfmt_test.silent: fetch: EOF
`},
	"before one without a message": {&silent{"query failed", &silent{"disk gone", errors.New("")}}, `
*stackfmt_test.silent: disk gone

The above exception was the direct cause of the following exception:

*stackfmt_test.silent: query failed
`},
	"nothing to hide": {&silent{"closed", errors.New("")}, `
*stackfmt_test.silent: closed
`},
}

func TestCausesThatMessagesHide(t *testing.T) {
	for name, c := range hidingErrors {
		if got := stackfmt.FromError(c.err).String(); got != c.want[1:] {
			t.Errorf("%s:\n%swant:\n%s", name, got, c.want[1:])
		}
	}
}

// A cause that is hidden and shared is kept once, under the last that has it.
func TestHiddenAndShared(t *testing.T) {
	shared := &silent{"shared", errors.New("root")}
	tb := stackfmt.FromError(errors.Join(&silent{"first", shared}, &silent{"last", shared}))
	if len(tb.Group) != 2 || tb.Group[0].Cause != nil || tb.Group[1].Cause == nil || tb.Group[1].Cause.Cause == nil {
		t.Errorf("not under the last alone:\n%s", tb)
	}
}

// renewed wraps another one of its kind whenever it is asked.
type renewed struct{ depth, calls *int }

func (e *renewed) Error() string { return fmt.Sprint(*e.depth) }
func (e *renewed) Unwrap() error {
	*e.calls++
	*e.depth++
	depth := *e.depth
	return &renewed{&depth, e.calls}
}

// The time that a chain takes grows with its length, and no faster.
func TestHiddenEndlessly(t *testing.T) {
	calls := 0
	stackfmt.FromError(&renewed{new(int), &calls})
	if calls < 1000 || calls > 300_000 {
		t.Errorf("%d calls of Unwrap", calls)
	}
	deepest := 0
	var err error = &costly{"end", nil, &deepest}
	for range 1000 {
		err = &costly{"more", err, &deepest}
	}
	stackfmt.FromError(err)
	if deepest > 200_000 {
		t.Errorf("%d calls of Error in a chain of 1000", deepest)
	}
}

// costly makes its message of the next one's, as errors of many packages do.
type costly struct {
	message string
	err     error
	calls   *int
}

func (c *costly) Unwrap() error { return c.err }
func (c *costly) Error() string {
	*c.calls++
	if c.err == nil {
		return c.message
	}
	return c.message + ": " + c.err.Error()
}

// A hidden cause that leads back is treated as any other.
func TestHiddenCycle(t *testing.T) {
	a := &silent{message: "a"}
	a.err = &silent{"b", &silent{"c", a}}
	tb := stackfmt.FromError(a)
	for _, message := range []string{"a", "b", "c"} {
		if tb == nil || tb.Message != message || tb.Cycle {
			t.Fatalf("%q is not in the chain: %+v", message, tb)
		}
		tb = tb.Cause
	}
	if tb == nil || !tb.Cycle || tb.Message != "a" || tb.Cause != nil {
		t.Errorf("the chain ends with %+v", tb)
	}
}
