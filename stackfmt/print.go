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
	c := newConfig(opts)
	return collect(items(c, c.fromError(err).print))
}

// AppendError appends the text of FormatError to dst. It is the fastest of the
// functions that print an error.
func AppendError(dst []byte, err error, opts ...Option) []byte {
	c := newConfig(opts)
	p := newPrinter(&c, c.themeFor(nil), dst)
	c.withScratch(err, p.printTraceback)
	return p.dst
}

// PrintError writes the text of FormatError to w. It answers to traceback.print_exception.
func PrintError(w io.Writer, err error, opts ...Option) (failed error) {
	c := newConfig(opts)
	c.withScratch(err, func(t *Traceback) { failed = printTo(w, c, t.print) })
	return failed
}

// FormatErrorOnly returns type, message and notes of an error, without stacks and
// causes; see [Traceback.FormatErrorOnly]. The members of a group, which
// [WithShowGroup] asks for, are limited as in a traceback. It answers to
// traceback.format_exception_only.
func FormatErrorOnly(err error, opts ...Option) []string {
	c := newConfig(opts)
	t := c.fromError(err)
	return collect(items(c, func(p *printer) {
		p.limitOnly = true
		p.printErrorOnly(t)
	}))
}

// ExtractError returns the stack that an error carries, empty if it has none. It
// answers to traceback.extract_tb.
func ExtractError(err error, opts ...TakeOption) Stack {
	c := newConfig(opts)
	return c.stackOfError(err)
}

// FormatErrorStack returns the text of the stack that an error carries, one
// string per frame, without the error. It answers to traceback.format_tb.
func FormatErrorStack(err error, opts ...Option) []string {
	c := newConfig(opts)
	return collect(items(c, c.stackOfError(err).print))
}

// PrintErrorStack writes the text of FormatErrorStack to w. It answers to traceback.print_tb.
func PrintErrorStack(w io.Writer, err error, opts ...Option) error {
	c := newConfig(opts)
	return printTo(w, c, c.stackOfError(err).print)
}

// stackOfError returns the stack that an error carries, within the limits.
func (c *config) stackOfError(err error) Stack {
	if t := c.fromError(err); t != nil {
		return t.Stack
	}
	return nil
}

// WalkError returns an iterator over the stack that an error carries, the oldest
// call first. It answers to traceback.walk_tb.
func WalkError(err error, opts ...TakeOption) iter.Seq[Frame] {
	return slices.Values(ExtractError(err, opts...))
}

// FormatPanic returns the text of a panic, value being what recover returned. It
// must be called by the deferred function itself or by what that calls, before
// it returns, as the stack of the panic is gone then. It answers to
// traceback.format_exc.
func FormatPanic(value any, opts ...Option) []string {
	c := newConfig(opts)
	return collect(items(c, c.fromRecovered(value, 1).print))
}

// PrintPanic writes the text of FormatPanic to w, and is called where that is. It answers to traceback.print_exc.
func PrintPanic(w io.Writer, value any, opts ...Option) error {
	c := newConfig(opts)
	return printTo(w, c, c.fromRecovered(value, 1).print)
}

// ExtractPanic returns the stack of a panic down to where it arose. It is called
// where FormatPanic is.
func ExtractPanic(value any, opts ...TakeOption) Stack {
	c := newConfig(opts)
	t := c.fromRecovered(value, 1)
	if t == nil {
		return nil
	}
	return t.Stack
}

// ClearLast forgets the last recorded panic. It answers to deleting sys.last_exc.
func ClearLast() { last.Store(nil) }

// PrintLast writes the last recorded panic to w. It returns [ErrNoLastPanic] if there is none. It answers to traceback.print_last.
func PrintLast(w io.Writer, opts ...PrintOption) error {
	t := lastPanic()
	if t == nil {
		return ErrNoLastPanic
	}
	return t.Print(w, opts...)
}

// FormatLast returns the text of the last recorded panic.
func FormatLast(opts ...PrintOption) ([]string, error) {
	t := lastPanic()
	if t == nil {
		return nil, ErrNoLastPanic
	}
	return t.Format(opts...), nil
}

// ExtractLast returns the stack of the last recorded panic.
func ExtractLast(opts ...TakeOption) (Stack, error) {
	t := lastPanic()
	if t == nil {
		return nil, ErrNoLastPanic
	}
	c := newConfig(opts)
	return c.limited(t.Stack, false), nil
}
