//go:build linux && (amd64 || arm64) && cgo

package edges

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// tripwireStatus is what tripwire.c ends the process with.
const tripwireStatus = 77

var tripwire = &victim.Program{
	Name: "tripwire.so",
	Compiler: []string{"cc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-fno-builtin", "-fno-tree-loop-distribute-patterns", "-Wall",
		"-shared", "-fPIC"},
	Build: []string{"-I../../internal/victim/machine", "tripwire/tripwire.c", "-ldl"},
}

// preloaded has the library in the victim.
func preloaded(t *testing.T) victim.Change {
	t.Helper()
	return victim.Env("LD_PRELOAD=" + tripwire.Path(t))
}

// After the fault nothing is allocated, locked, or bound for the first time.
func TestNothingOfLibcIsCalledAfterTheFault(t *testing.T) {
	preload := preloaded(t)
	kinds := map[string]syscall.Signal{
		"null": syscall.SIGSEGV, "div": syscall.SIGFPE, "ud2": syscall.SIGILL, "int3": syscall.SIGTRAP,
		"abort": syscall.SIGABRT, "raise_bus": syscall.SIGBUS, "raise_sys": syscall.SIGSYS, "overflow": syscall.SIGSEGV,
	}
	for kind, signal := range kinds {
		for _, place := range []string{"cgo", "goroutine", "callback", "thread"} {
			t.Run(kind+"/"+place, func(t *testing.T) {
				t.Parallel()
				o := run(t, "crash kind="+kind+" place="+place, preload)
				o.DiedOf(t, signal)
				victim.Complete(t, o.Stderr)
			})
		}
	}
	t.Run("file", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		o := run(t, "crash dir="+dir, preload)
		o.DiedOf(t, syscall.SIGSEGV)
		_, text := onlyFile(t, dir)
		victim.Complete(t, text)
	})
	t.Run("stage in trouble", func(t *testing.T) {
		t.Parallel()
		o := run(t, "trouble stage=* trouble=fault place=thread", preload)
		o.DiedOf(t, syscall.SIGSEGV)
		victim.Report(t, o.Stderr)
	})
	t.Run("forked child", func(t *testing.T) {
		t.Parallel()
		o := run(t, "fork", preload)
		o.Exited(t, 3)
		if !strings.Contains(o.Stdout, "child: signal 11,") {
			t.Errorf("standard output:\n%s", o.Stdout)
		}
	})
}

// The tripwire works: a handler of the host that allocates is caught.
func TestTripwireTrips(t *testing.T) {
	t.Parallel()
	preload := preloaded(t)
	for _, place := range []string{"cgo", "thread"} {
		o := run(t, fmt.Sprintf("host hostfirst=false host=malloc place=%s", place), preload)
		o.Exited(t, tripwireStatus)
		if !strings.Contains(o.Stderr, "tripwire: malloc\n") {
			t.Errorf("standard error:\n%s", o.Stderr)
		}
	}
}
