package peers_test

import (
	"slices"
	"testing"

	"github.com/samber/oops"

	"github.com/epitaph-go/epitaph/stackfmt"
)

var droppedErr error

func isFive(x int) bool {
	if x == 5 {
		droppedErr = oops.Errorf("five")
	}
	return x == 5
}

// TestDroppedFrames: oops leaves out the calls of the standard library, so the function
// behind a frame may have been called by one of those.
func TestDroppedFrames(t *testing.T) {
	caller := func() stackfmt.Frame {
		tb := stackfmt.FromError(droppedErr)
		tb.LookupLines()
		return tb.Stack[len(tb.Stack)-2]
	}
	if slices.ContainsFunc([]int{5}, isFive) || isFive(6) {
		if f := caller(); f.HasColumns() {
			t.Errorf("marked %q", f.Source[f.Col:f.EndCol])
		}
	}
	if isFive(5) {
		if f := caller(); !f.HasColumns() || f.Source[f.Col:f.EndCol] != "isFive(5)" {
			t.Errorf("columns %d to %d of %q", f.Col, f.EndCol, f.Source)
		}
	}
}
