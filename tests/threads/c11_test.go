//go:build linux && (amd64 || arm64) && cgo

package threads

import (
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// c11 is a shared library.
var c11 = &victim.Program{Name: "c11.so", Compiler: []string{"cc", "-shared", "-fPIC"}, Build: []string{"testdata/c11.c"}}

// A C11 thread, which libc's thrd_create makes past pthread_create, has an alternate stack from its
// beginning on, as others have, and its result.
func TestOverflowOnAC11Thread(t *testing.T) {
	for _, by := range []string{"program", "library"} {
		t.Run(by, func(t *testing.T) {
			var changes []victim.Change
			if by == "library" {
				changes = append(changes, victim.Env("LIBRARY="+c11.Path(t)))
			}
			r, out := crash(t, "c11", changes...)
			if got := strings.TrimSpace(out.Stdout); got != "result -42" {
				t.Errorf("standard output: %q", got)
			}
			if !strings.Contains(r.Signal.Cause, "stack overflow") || !has(r.Current(), "stacks_recurse") {
				t.Errorf("the cause is %q, the stack %v", r.Signal.Cause, r.Current())
			}
		})
	}
}
