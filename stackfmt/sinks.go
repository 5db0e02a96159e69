package stackfmt

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"github.com/epitaph-go/epitaph/internal/terminal"
)

// items runs print and yields what it prints item by item. One item at a time is
// in memory.
func items(c config, print func(*printer)) iter.Seq[string] {
	return func(yield func(string) bool) {
		p := newPrinter(&c, c.themeFor(nil), nil)
		p.flush = func(p *printer) bool {
			ok := true
			if len(p.dst) > 0 {
				ok = yield(string(p.dst))
			}
			p.dst = p.dst[:0]
			return ok
		}
		print(p)
	}
}

func collect(seq iter.Seq[string]) []string { return slices.Collect(seq) }

// writeSize is how much text is gathered before it is written: enough to make
// few system calls, little enough to show the start of a long text early.
const writeSize = 4096

// printTo runs print and writes what it prints to w.
func printTo(w io.Writer, c config, print func(*printer)) error {
	if w == nil {
		return fmt.Errorf("stackfmt: writing: %w", ErrNilWriter)
	}
	var failed error
	write := func(b []byte) bool {
		n, err := w.Write(b)
		if err == nil && n < len(b) {
			err = io.ErrShortWrite
		}
		failed = err
		return err == nil
	}
	p := newPrinter(&c, c.themeFor(w), make([]byte, 0, writeSize+1024))
	if f, ok := w.(*os.File); ok && f != nil && c.controls == ControlAuto {
		p.escape = terminal.Is(f)
	}
	p.flush = func(p *printer) bool {
		if len(p.dst) < writeSize {
			return true
		}
		ok := write(p.dst)
		p.dst = p.dst[:0]
		return ok
	}
	print(p)
	if failed == nil && len(p.dst) > 0 {
		write(p.dst)
	}
	if failed != nil {
		return fmt.Errorf("stackfmt: writing: %w", failed)
	}
	return nil
}

// ErrNilWriter is wrapped by the error that a nil io.Writer gives.
var ErrNilWriter = errors.New("nil writer")

// ErrNoLastPanic is returned by [PrintLast] when no panic was recorded.
var ErrNoLastPanic = errors.New("stackfmt: no last panic")
