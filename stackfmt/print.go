package stackfmt

import (
	"io"
	"iter"
	"slices"
)

// FormatError returns the text of an error with its causes, stacks and groups, in
// pieces as [Traceback.Format] does. A nil error is "<nil>". It answers to
// traceback.format_exception.
func FormatError(err error, opts ...Option) []string {
	return FromError(err, opts...).Format(opts...)
}

// AppendError appends the text of FormatError to dst. It is the fastest of the
// functions that print an error.
func AppendError(dst []byte, err error, opts ...Option) []byte {
	c := newConfig(opts)
	p := newPrinter(&c, c.themeFor(nil), dst)
	c.withScratch(err, p.printTraceback)
	return p.dst
}

// PrintError writes the text of FormatError to w, os.Stderr if w is nil. It
// answers to traceback.print_exception.
func PrintError(w io.Writer, err error, opts ...Option) (failed error) {
	c := newConfig(opts)
	c.withScratch(err, func(t *Traceback) { failed = t.Print(w, opts...) })
	return failed
}

// FormatErrorOnly returns type, message and notes of an error, without stacks and
// causes; see [Traceback.FormatErrorOnly]. It answers to
// traceback.format_exception_only.
func FormatErrorOnly(err error, opts ...Option) []string {
	return FromError(err, opts...).FormatErrorOnly(opts...)
}

// ExtractError returns the stack that an error carries, empty if it has none. It
// answers to traceback.extract_tb.
func ExtractError(err error, opts ...Option) Stack {
	t := FromError(err, opts...)
	if t == nil {
		return nil
	}
	c := newConfig(opts)
	return c.limited(t.Stack, false)
}

// FormatErrorStack returns the text of the stack that an error carries, one
// string per frame, without the error. It answers to traceback.format_tb.
func FormatErrorStack(err error, opts ...Option) []string {
	return ExtractError(err, opts...).Format(opts...)
}

// PrintErrorStack writes the text of FormatErrorStack to w, os.Stderr if w is
// nil. It answers to traceback.print_tb.
func PrintErrorStack(w io.Writer, err error, opts ...Option) error {
	return ExtractError(err, opts...).Print(w, opts...)
}

// WalkError returns an iterator over the stack that an error carries, the oldest
// call first. It answers to traceback.walk_tb.
func WalkError(err error, opts ...Option) iter.Seq[Frame] {
	return slices.Values(ExtractError(err, opts...))
}

// FormatPanic returns the text of a panic, value being what recover returned. It
// must be called by the deferred function itself or by what that calls, before
// it returns, as the stack of the panic is gone then. It answers to
// traceback.format_exc.
func FormatPanic(value any, opts ...Option) []string {
	return FromPanic(value, opts...).Format(opts...)
}

// PrintPanic writes the text of FormatPanic to w, os.Stderr if w is nil, and is
// called where that is. It answers to traceback.print_exc.
func PrintPanic(w io.Writer, value any, opts ...Option) error {
	return FromPanic(value, opts...).Print(w, opts...)
}

// ExtractPanic returns the stack of a panic down to where it arose. It is called
// where FormatPanic is.
func ExtractPanic(value any, opts ...Option) Stack {
	t := FromPanic(value, opts...)
	if t == nil {
		return nil
	}
	c := newConfig(opts)
	return c.limited(t.Stack, false)
}

// PrintLast writes the last recorded panic to w, os.Stderr if w is nil. It
// returns [ErrNoLastPanic] if there is none. It answers to traceback.print_last.
func PrintLast(w io.Writer, opts ...Option) error {
	t := lastPanic()
	if t == nil {
		return ErrNoLastPanic
	}
	return t.Print(w, opts...)
}

// FormatLast returns the text of the last recorded panic.
func FormatLast(opts ...Option) ([]string, error) {
	t := lastPanic()
	if t == nil {
		return nil, ErrNoLastPanic
	}
	return t.Format(opts...), nil
}

// ExtractLast returns the stack of the last recorded panic.
func ExtractLast(opts ...Option) (Stack, error) {
	t := lastPanic()
	if t == nil {
		return nil, ErrNoLastPanic
	}
	c := newConfig(opts)
	return c.limited(t.Stack, false), nil
}
