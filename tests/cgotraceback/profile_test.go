//go:build linux && (amd64 || arm64) && cgo

package cgotraceback

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

func pprof(t *testing.T, args ...string) string {
	t.Helper()
	victim.NeedTools(t, "go")
	cmd := exec.Command("go", append([]string{"tool", "pprof", "-symbolize=none"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// A CPU profile has C's functions with their lines below the Go functions that called
// them, on C threads too, and behind calls from C where that was asked for.
func TestProfile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "cpu")
	ends(t, "profile context=1 ms=2500 file="+file)
	top := pprof(t, "-top", "-lines", file)
	inOrder(t, top, `work_leaf /.*/calls\.c:1\d|mix /.*/calls\.c:\d+ \(inline\)`)
	traces := pprof(t, "-traces", file)
	var byGo, byCallback, alone bool
	for trace := range strings.SplitSeq(traces, "-----------+") {
		if !has(trace, "work_leaf") {
			continue
		}
		byGo = byGo || has(trace, "main._Cfunc_work") && !has(trace, "goCallback") && has(trace, "main.profile")
		byCallback = byCallback || has(trace, "main._Cfunc_work") && has(trace, "call_bridge") && has(trace, "main.profile")
		alone = alone || has(trace, "working") && !has(trace, "main.")
	}
	if !byGo || !byCallback || !alone {
		t.Errorf("called by Go %t, in a callback %t, on a thread of C's %t:\n%s", byGo, byCallback, alone, traces)
	}
}

// Without Epitaph the same profile has none of that: the test above tests something.
func TestProfileWithout(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"off=1", "none=1"} {
		file := filepath.Join(t.TempDir(), "cpu")
		ends(t, "profile ms=500 file="+file+" "+how)
		if top := pprof(t, "-top", file); has(top, "work_leaf") {
			t.Errorf("%s:\n%s", how, top)
		}
	}
}

// Assembly without a stack under SIGPROF: the walk's first load fails, with all signals
// blocked, and the program goes on.
func TestSampleWithoutStack(t *testing.T) {
	t.Parallel()
	runs := 1
	if victim.Full {
		runs = 100
	}
	for range runs {
		if said := ends(t, "nostack rounds=500000000"); said != "true\n" {
			t.Fatalf("it said %q", said)
		}
	}
}

// Exceptions, dlopen, callbacks, dumps and a profile of 500 Hz at once. A walk that wants
// the loader's lock hangs here.
func TestStorm(t *testing.T) {
	t.Parallel()
	ms := "1500"
	if victim.Full {
		ms = "20000"
	}
	for _, context := range []string{"", " context=1"} {
		if said := ends(t, "storm ms="+ms+context, victim.Limit(2*time.Minute)); !has(said, "true true true") {
			t.Errorf("it said %q", said)
		}
	}
}
