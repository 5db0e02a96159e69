package stackfmt

import (
	"fmt"
	"runtime"
)

// Wrap returns an error that has the message "message: " and that of err, and
// the stack of its caller. It is nil if err is.
//
// Wrap costs one runtime.Callers and one allocation for stacks of up to 128
// calls. Of a deeper one the 4096 most recent calls are kept.
func Wrap(err error, message string) error {
	if err == nil {
		return nil
	}
	var buf [shallow]uintptr
	return newStacked(err, message, true, buf[:runtime.Callers(2, buf[:])])
}

// WithStack returns an error that has the message of err and the stack of its
// caller. It returns err itself if that or an error that it wraps has a stack
// already, made by this package or by another that [FromError] knows: one stack
// per error, the one nearest to its origin, is what a reader wants. It is nil if
// err is.
//
// The cost is that of [Wrap].
func WithStack(err error) error {
	if err == nil || hasStack(err) {
		return err
	}
	var buf [shallow]uintptr
	return newStacked(err, "", false, buf[:runtime.Callers(2, buf[:])])
}

// AddNote returns an error that has the message and the stack of err, and notes
// that are printed after the message: Python's BaseException.add_note. It is nil
// if err is.
func AddNote(err error, notes ...string) error {
	if err == nil {
		return nil
	}
	return &noted{err: err, notes: notes}
}

// stacked is an error with a stack. pcs is a part of the same allocation, see
// newStacked.
type stacked struct {
	err     error
	message string
	prefix  bool
	pcs     []uintptr
}

// Error returns the message, and that of the wrapped error.
func (s *stacked) Error() string {
	if !s.prefix {
		return s.err.Error()
	}
	return s.message + ": " + s.err.Error()
}

// Unwrap returns the wrapped error.
func (s *stacked) Unwrap() error { return s.err }

// StackTrace returns the return addresses of the stack, most recent call first,
// in the form that runtime.CallersFrames takes. The caller must not write to it.
func (s *stacked) StackTrace() []uintptr { return s.pcs }

// Format prints the message for %s, %v and %q, and for %+v the whole traceback,
// as errors of the other libraries do.
func (s *stacked) Format(f fmt.State, verb rune) { formatAs(s, f, verb) }

type noted struct {
	err   error
	notes []string
}

func (n *noted) Error() string   { return n.err.Error() }
func (n *noted) Unwrap() error   { return n.err }
func (n *noted) Notes() []string { return n.notes }

// Format is as that of an error with a stack.
func (n *noted) Format(f fmt.State, verb rune) { formatAs(n, f, verb) }

func formatAs(err error, f fmt.State, verb rune) {
	if verb == 'v' && f.Flag('+') {
		text := AppendError(nil, err, WithColor(ColorNever))
		_, _ = f.Write(text[:len(text)-1]) // without the last newline
		return
	}
	fmt.Fprintf(f, fmt.FormatString(f, verb), err.Error())
}

const (
	// shallow is the depth that needs only one runtime.Callers.
	shallow = 128
	// maxWrapDepth bounds what an error holds in memory: 32 KiB.
	maxWrapDepth = 4096
)

// The classes of sizes in which an error and its stack are one allocation. An
// address inside an object keeps the whole object alive, so that stacked.pcs may
// point to its neighbour.
type (
	stacked8 struct {
		stacked
		room [8]uintptr
	}
	stacked16 struct {
		stacked
		room [16]uintptr
	}
	stacked32 struct {
		stacked
		room [32]uintptr
	}
	stacked64 struct {
		stacked
		room [64]uintptr
	}
	stacked128 struct {
		stacked
		room [shallow]uintptr
	}
)

// newStacked makes an error with a copy of the stack that its caller took into
// memory that costs nothing, because the depth is not known before. Its caller
// took it and not a function in between, because each further call costs as much
// time as the allocation.
func newStacked(err error, message string, prefix bool, pcs []uintptr) *stacked {
	var s *stacked
	var room []uintptr
	switch n := len(pcs); {
	case n <= 8:
		o := &stacked8{}
		s, room = &o.stacked, o.room[:n]
	case n <= 16:
		o := &stacked16{}
		s, room = &o.stacked, o.room[:n]
	case n <= 32:
		o := &stacked32{}
		s, room = &o.stacked, o.room[:n]
	case n <= 64:
		o := &stacked64{}
		s, room = &o.stacked, o.room[:n]
	case n < shallow:
		o := &stacked128{}
		s, room = &o.stacked, o.room[:n]
	default:
		deep := make([]uintptr, maxWrapDepth)
		pcs = deep[:runtime.Callers(3, deep)]
		s, room = &stacked{}, make([]uintptr, len(pcs))
	}
	copy(room, pcs)
	s.err, s.message, s.prefix, s.pcs = err, message, prefix, room
	return s
}

// hasStack reports whether err or an error of its chain has a stack.
func hasStack(err error) bool {
	for range maxErrors {
		if s, ok := err.(*stacked); ok && len(s.pcs) > 0 {
			return true
		}
		l := inspect(err)
		if !l.stack.empty() && !l.stack.position {
			return true
		}
		if err = unwrap(&l); err == nil {
			return false
		}
	}
	return false
}
