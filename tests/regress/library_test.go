//go:build linux && amd64 && cgo

package regress

import (
	"syscall"
	"testing"
)

func TestLibraryFaultInGoText(t *testing.T) {
	for _, name := range []string{"breakpoint", "undefined", "nil"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := library.path(t) + " " + name
			run(t, host.path(t), line).likePlain(run(t, host.path(t), line+" off"))
		})
	}
}

// A signal that Go's runtime did not handle when Epitaph was enabled, and
// handles since signal.Notify.
func TestLibraryNotified(t *testing.T) {
	t.Parallel()
	notified := func(args string) *outcome {
		talking, stdout := talk(t)
		c := start(t, host.path(t), library.path(t)+" notify"+args, talking)
		hear(t, stdout, "ready")
		c.cmd.Process.Signal(syscall.SIGABRT)
		hear(t, stdout, "got aborted")
		return c.wait()
	}
	o := notified("")
	noCrash(t, o.stderr)
	o.likePlain(notified(" off"))
}
