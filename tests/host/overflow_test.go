//go:build linux && (amd64 || arm64) && cgo

package host

import (
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// A handler that overflows the alternate stack has not jumped out, though the kernel begins at
// the top of that stack again: the process dies of it, once, and is reported.
func TestHandlerOverflowsItsStack(t *testing.T) {
	program.Run(t, "overflows flags=onstack off=1").DiedOf(t, syscall.SIGSEGV)
	o := program.Run(t, "overflows flags=onstack")
	o.DiedOf(t, syscall.SIGSEGV)
	r := victim.Complete(t, o.Stderr)
	if len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "the host's handler was asked first, and has overflowed its stack: ") {
		t.Errorf("notes %q", r.Notes)
	}
	if current := r.Current(); current == nil || len(current.Frames) == 0 || current.Frames[0].Name() != "recurse" {
		t.Errorf("the stack is not that of the overflow:\n%s", o.Stderr)
	}
}
