//go:build linux && cgo

package main_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// TestFrames asks gdb, which has a debugger's means, where each kind faults. It shows that the table is right: that the
// crash function is the frame that faults (or the caller of the library function that does, or of the address that is no
// code), and that the C callers which the table promises are on the stack. A gdb takes seconds of processor time: of the
// kinds, one in three is asked about but in the long run.
func TestFrames(t *testing.T) {
	if testing.Short() {
		t.Skip("runs gdb many times")
	}
	victim.NeedTools(t, "gdb")
	list := tableOf(t, demo)
	cgo := list.Places[slices.IndexFunc(list.Places, func(p place) bool { return p.Name == "cgo" })]
	for i, k := range list.Kinds {
		if !victim.Full && i%3 != 0 {
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			if k.Name == "dlopen-constructor" {
				t.Skip("gdb and the compiler that this kind runs wait for each other")
			}
			checkFrames(t, k, cgo)
		})
	}
	nullWrite := list.Kinds[slices.IndexFunc(list.Kinds, func(k kind) bool { return k.Name == "null-write" })]
	for _, p := range list.Places {
		t.Run("place="+p.Name, func(t *testing.T) {
			t.Parallel()
			checkFrames(t, nullWrite, p)
		})
	}
}

func checkFrames(t *testing.T, k kind, p place) {
	o := run(t, demo, "run "+k.Name+" -plain -place "+p.Name, victim.Limit(3*hardLimit),
		victim.Under("gdb", "-nx", "-q", "-batch", "-ex", "set debuginfod enabled off", "-ex", "handle SIGURG nostop noprint pass",
			"-ex", "run", "-ex", "bt 40", "--args"))
	if !strings.Contains(o.Stdout, "received signal "+k.Signal) {
		t.Fatalf("gdb did not see %s: %v", k.Signal, o)
	}
	var functions []string
	for _, m := range regexp.MustCompile(`(?m)^#\d+ +(?:0x[0-9a-f]+ in )?([^ ]+) \(`).FindAllStringSubmatch(o.Stdout, -1) {
		functions = append(functions, m[1])
	}
	at := slices.Index(functions, k.Func)
	switch {
	case at < 0 && k.has("any-thread"):
		return
	case at < 0:
		t.Fatalf("%s is not on the stack: %q", k.Func, functions)
	case k.has("bad-pc"):
		if at != 1 || functions[0] != "??" && functions[0] != "not_code" {
			t.Errorf("%s did not call what is no code: %q", k.Func, functions)
		}
	case k.has("below-library"):
		if at == 0 {
			t.Errorf("%s faults itself, not in a library: %q", k.Func, functions)
		}
	case at != 0:
		t.Errorf("%s is not the frame that faults: %q", k.Func, functions)
	}
	if k.has("callers-lost") {
		return
	}
	// gdb loses the way where Go's stack begins, and stack-overflow's callers are thousands of frames away.
	if k.Name == "stack-overflow" {
		if n := strings.Count(strings.Join(functions, " "), k.Func); n < 40 {
			t.Errorf("%d frames of %s, want the 40 that were asked for", n, k.Func)
		}
		return
	}
	want := slices.Clone(k.Callers)
	if k.Name == "recursion2" { // a thousand frames
		want = want[:1]
	} else if !k.has("own-thread") {
		want = append(want, p.Frames...)
	}
	rest := functions[at+1:]
	for _, caller := range want {
		if strings.Contains(caller, ".") {
			break
		}
		i := slices.Index(rest, caller)
		if i < 0 {
			t.Fatalf("%s is not among the callers %q", caller, rest)
		}
		rest = rest[i+1:]
	}
}
