//go:build linux && (amd64 || arm64) && cgo

package tests

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// A variant is a build of crashdemo and a way to run it.
type variant struct {
	name  string
	build *build
	flags []string // of crashdemo run
	env   []string
	// wrap is a command in front of it.
	wrap []string
	// rare: only when everything is asked for.
	rare bool
	// machine is the only one that has this; "" is any.
	machine string
}

// Without --kill-child a program that hangs as PID 1 would outlive the unshare that is killed.
var unshare = []string{"unshare", "--pid", "--fork", "--mount-proc", "--kill-child"}

var variants = []*variant{
	{name: "pid1", build: plainBuild, wrap: unshare},
	{name: "pid1-notify", build: plainBuild, wrap: unshare, flags: []string{"-notify"}, rare: true},
	{name: "pid1-ignore", build: plainBuild, wrap: unshare, flags: []string{"-ignore"}, rare: true},
	{name: "notify", build: plainBuild, flags: []string{"-notify"}},
	{name: "ignore", build: plainBuild, flags: []string{"-ignore"}},
	{name: "mask", build: plainBuild, flags: []string{"-mask"}},
	{name: "gotraceback", build: plainBuild, env: []string{"GOTRACEBACK=crash"}},
	{name: "pie", build: pieBuild},
	{name: "stripped", build: strippedBuild},
	{name: "pie-stripped", build: pieStrippedBuild},
	{name: "static", build: staticBuild},
	{name: "static-stripped", build: staticBareBuild},
	{name: "musl", build: muslBuild},
	{name: "clang", build: clangBuild},
	{name: "race", build: raceBuild},
	{name: "go1.27", build: go127Build},
	{name: "nowrap", build: nowrapBuild},
	{name: "protected", build: protectedBuild, machine: "arm64"}, // signed return addresses, and landing pads
}

func (v *variant) pid1() bool { return len(v.wrap) > 0 }

func (v *variant) static() bool {
	return v.build == staticBuild || v.build == staticBareBuild || v.build == muslBuild
}

func (v *variant) stripped() bool { return v.build.whole != nil }

// telling are the cases that one would miss first: each stands for what a variant may break.
var telling = []string{
	"null-write/cgo", "null-write/callback", "null-read/thread", "non-canonical/main", "strlen-null/goroutine",
	"call-null/thread", "call-noexec/callback", "stack-overflow/main", "stack-overflow/thread", "smashed-stack/cgo", "no-stack/callback",
	"recursion2/goroutine", "division/main", "ud2/thread", "int3/thread", "int3/main", "abort/goroutine", "abort/thread", "assert/main",
	"double-free/cgo", "in-malloc/thread", "bus/thread", "no-fds/main", "in-dl-iterate/thread", "dlopen-constructor/goroutine",
	"stdio-locks/main", "blocked/main", "raise/thread", "raise/main", "kill-self/main", "kill-self/thread", "seccomp/goroutine",
	"eight-threads/main", "in-gc/goroutine", "go-c-go-c/thread", "callback-thread/main", "cxx-throw/thread", "cxx-thread-throw/main",
	"heap-corruption/thread", "cxx-terminate/goroutine",
}

// TestMatrix makes every kind of crash happen in every place, as the program is built and run by default.
func TestMatrix(t *testing.T) {
	v := &variant{name: "plain", build: plainBuild}
	v.build.program(t)
	t.Cleanup(func() { checkSignaturesDiffer(t) }) // when all have ended
	for _, k := range v.build.list.Kinds {
		for _, p := range v.build.list.Places {
			v.test(t, k, p)
		}
	}
}

// TestVariants makes the telling kinds happen in programs that are built and run otherwise, or all when asked for.
func TestVariants(t *testing.T) {
	for _, v := range variants {
		if v.rare && !victim.Full || v.machine != "" && v.machine != runtime.GOARCH {
			continue
		}
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			v.build.program(t)
			if v.pid1() {
				needsUnshare(t)
			}
			for _, k := range v.build.list.Kinds {
				for _, p := range v.build.list.Places {
					if victim.Full || slices.Contains(telling, k.Name+"/"+p.Name) {
						v.test(t, k, p)
					}
				}
			}
		})
	}
}

// test runs one case and checks what comes of it.
func (v *variant) test(t *testing.T, k kind, p place) {
	t.Run(k.Name+"/"+p.Name, func(t *testing.T) {
		t.Parallel()
		r := v.crash(t, k, p)
		if w := v.expect(k, p); r.IsExit(exitUnavailable) && w.status != exitUnavailable {
			t.Skip(strings.TrimSpace(r.Stderr))
		}
		v.check(t, k, p, r)
		if t.Failed() {
			t.Log(r)
		}
	})
}

// crash makes a crash happen.
func (v *variant) crash(t *testing.T, k kind, p place) *victim.Outcome {
	t.Helper()
	changes := []victim.Change{usual, victim.Env(v.env...), victim.Args(v.flags...),
		victim.Args("-symbol-cache", os.Getenv(victim.SymbolCache))}
	if v.pid1() {
		changes = append(changes, victim.Under(v.wrap[0], v.wrap[1:]...))
	}
	r := outcome(t, v.build.Start(t, "run "+k.Name+" -place "+p.Name, changes...))
	count(r)
	return r
}

var canUnshare = sync.OnceValues(func() (string, error) {
	args := append(slices.Clone(unshare), "true")
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
})

// needsUnshare skips where a PID namespace cannot be made: without root, or in a container that forbids it.
func needsUnshare(t *testing.T) {
	t.Helper()
	if out, err := canUnshare(); err != nil {
		t.Skipf("no program can be PID 1 here: %s: %v: %s", strings.Join(unshare, " "), err, out)
	}
}

// nameOf is the function of the i-th frame. Where the report cannot know it, it is looked up as one would later: by the
// offset, in the same program with its symbols.
func (v *variant) nameOf(t *testing.T, w *want, f report.Frame, i int) string {
	t.Helper()
	if !w.unnamed || f.Func != "" || !v.isProgram(f) {
		return f.Func
	}
	address := uint64(f.Offset)
	if i > 0 {
		address-- // a return address, which may be behind the end of the function
	}
	v.build.whole.program(t)
	return v.build.whole.symbolAt(t, address)
}
