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

// An archive that imports handler/auto defines pthread_create and other names of libc's in its host,
// whose calls go on to libc's.
func TestArchiveDefinesNames(t *testing.T) {
	t.Parallel()
	auto := &victim.Program{Name: "archiveauto.a", Build: []string{"-buildmode=c-archive", "./archiveauto"}}
	for name, flags := range map[string][]string{"dynamic": nil, "static": {"-static", "-Wl,--no-warnings"}} {
		host := &victim.Program{Name: "archiveautohost" + name, Compiler: []string{"cc"}, Limit: limit,
			Build: append([]string{"archiveauto/host/host.c", auto.Path(t), "-pthread", "-ldl"}, flags...)}
		for _, epitaph := range []string{"", "1"} {
			t.Run(name+epitaph, func(t *testing.T) {
				const all = "threads 1, handler 1, blocked 1 1"
				o := host.Run(t, "", victim.Env("EPITAPH="+epitaph))
				o.Exited(t, wentOn)
				says(t, o, all)
				victim.NoReport(t, o.Stderr)
				o = host.Run(t, "fault", victim.Env("EPITAPH="+epitaph))
				o.DiedOf(t, syscall.SIGSEGV)
				says(t, o, all)
				if epitaph == "" {
					victim.NoReport(t, o.Stderr)
				} else {
					first(t, victim.Complete(t, o.Stderr), "main")
				}
				// Go calls a handler that it has found, and so does the core.
				if epitaph != "" {
					epitaph = "hostfirst=1"
				}
				o = host.Run(t, "fault", victim.Env("EPITAPH="+epitaph, "EARLY=1"))
				o.Exited(t, wentOn)
				victim.NoReport(t, o.Stderr)
			})
		}
	}
}
