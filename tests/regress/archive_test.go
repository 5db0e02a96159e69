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

// A c-shared library that imports handler/auto defines these names, too: it lets the calls of its host
// through, and those of what comes before it and has it as the next one.
func TestLibraryThatDefinesNames(t *testing.T) {
	t.Parallel()
	before := &victim.Program{Name: "before.so", Compiler: []string{"cc", "-shared", "-fPIC"}, Build: []string{"archiveauto/before/before.c", "-ldl"}}
	definesNames(t, nil, "")
	definesNames(t, nil, "", "LD_PRELOAD="+before.Path(t))
	if !victim.Full {
		return
	}
	// The sanitizer's runtime comes before all others, and what the library defines goes on to it in a
	// program. The thread sanitizer's is tested by the Go distribution's testsanitizers (../goruntime).
	const flag = "-fsanitize=address"
	definesNames(t, []string{"CC=gcc", "CGO_CFLAGS=-O1 -g " + flag, "CGO_LDFLAGS=" + flag}, flag)
}

func definesNames(t *testing.T, env []string, flag string, run ...string) {
	t.Helper()
	compiler := "cc"
	if len(env) > 0 {
		compiler = strings.TrimPrefix(env[0], "CC=")
	}
	auto := &victim.Program{Name: "archiveauto.so", Build: []string{"-buildmode=c-shared", "./archiveauto"}, Env: env}
	host := &victim.Program{Name: "sharedautohost", Compiler: []string{compiler}, Limit: limit,
		Build: append(strings.Fields(flag), "archiveauto/host/host.c", auto.Path(t), "-pthread")}
	for _, epitaph := range []string{"", "1"} {
		o := host.Run(t, "", victim.Env("EPITAPH="+epitaph, "ASAN_OPTIONS=detect_leaks=0"), victim.Env(run...))
		o.Exited(t, wentOn)
		says(t, o, "threads 1, handler 1, blocked 1 1")
		victim.NoReport(t, o.Stderr)
	}
}
