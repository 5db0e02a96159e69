//go:build linux && (amd64 || arm64) && cgo

package regress

import (
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// The main thread of a host that links Go as an archive is not Go's, and has no alternate
// stack but the core's.
func TestArchiveHostOverflowsMain(t *testing.T) {
	t.Parallel()
	host := &victim.Program{Name: "archivehost", Compiler: []string{"cc"}, Limit: limit,
		Build: []string{"archive/host/host.c", archive.Path(t), "-pthread", "-ldl"}}
	o := host.Run(t, "")
	o.DiedOf(t, syscall.SIGSEGV)
	says(t, o, "a stack")
	r := victim.Complete(t, o.Stderr)
	if !strings.Contains(r.Signal.Cause, "stack overflow") {
		t.Errorf("the cause is %q", r.Signal.Cause)
	}
	first(t, r, "recurse")
}
