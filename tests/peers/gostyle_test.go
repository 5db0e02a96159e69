package peers_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/maruel/panicparse/v2/stack"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// TestGoStylePanicparse: a tool for Go's own output reads stacks in StyleGo.
func TestGoStylePanicparse(t *testing.T) {
	var b bytes.Buffer
	if err := stackfmt.PrintStack(&b, stackfmt.WithStyle(stackfmt.StyleGo)); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	s, _, err := stack.ScanSnapshot(&b, io.Discard, stack.DefaultOpts())
	if err != nil && err != io.EOF {
		t.Fatal(err)
	}
	if s == nil || len(s.Goroutines) != 1 {
		t.Fatalf("no goroutine found in\n%s", text)
	}
	want := stackfmt.ExtractStack()
	calls := s.Goroutines[0].Stack.Calls
	if len(calls) != len(want) || calls[0].Func.Name != "TestGoStylePanicparse" {
		t.Errorf("%d calls, the first %s, of %d in\n%s", len(calls), calls[0].Func.Complete, len(want), text)
	}
}
