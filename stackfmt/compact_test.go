package stackfmt_test

import (
	"errors"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// TestCompact: a panic with an error that has a stack of its own, which is its
// cause, while another panic is handled, which is the context. Compact keeps one.
func TestCompact(t *testing.T) {
	failed := stackfmt.Wrap(errors.New("inner"), "outer")
	get := func(opts ...stackfmt.TakeOption) (tb *stackfmt.Traceback) {
		defer func() { recover() }()
		defer func() {
			defer func() { tb = stackfmt.FromPanic(recover(), opts...) }()
			panic(failed)
		}()
		panic("first")
	}
	compact, full := get(), get(stackfmt.WithCompact(false))
	if compact.Cause == nil || compact.Context != nil {
		t.Errorf("compact: cause %v, context %v", compact.Cause, compact.Context)
	}
	if full.Cause == nil || full.Context == nil {
		t.Errorf("full: cause %v, context %v", full.Cause, full.Context)
	}
	if compact.SuppressContext || full.SuppressContext {
		t.Error("the context is suppressed")
	}
}
