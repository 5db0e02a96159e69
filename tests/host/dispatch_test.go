//go:build linux && (amd64 || arm64) && cgo

package host

import (
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// TestDispatchedSystemCalls: a program's handler gets its system calls before any of Epitaph's
// own is made, which would be dispatched, too.
func TestDispatchedSystemCalls(t *testing.T) {
	t.Parallel()
	plain := program.Run(t, "dispatch off=1")
	plain.Exited(t, 3)
	if plain.Stdout == "sum -1\n" {
		t.Skip("the kernel has no PR_SET_SYSCALL_USER_DISPATCH")
	}
	o := program.Run(t, "dispatch")
	o.Exited(t, 3)
	victim.NoReport(t, o.Stderr)
	if o.Stdout != plain.Stdout || o.Stdout != "sum 14133\n" {
		t.Errorf("%q, and without Epitaph %q", o.Stdout, plain.Stdout)
	}
}
