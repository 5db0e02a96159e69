//go:build linux && (amd64 || arm64) && cgo

package threads

import (
	"strconv"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

// A stack overflow on a thread that is older than Enable, and on one that a
// shared library made, is reported like any other.
func TestOverflowOnABareThread(t *testing.T) {
	for i, name := range []string{"older than Enable", "made by libstdc++"} {
		t.Run(name, func(t *testing.T) {
			r, out := crash(t, "bare "+string(rune('0'+i)))
			waited := numbers(t, out)["waited"]
			if waited < 0 {
				t.Error("the thread never got a stack")
			}
			if i == 1 && waited > 500 {
				t.Errorf("the thread had no stack for %d ms", waited)
			}
			if !strings.Contains(r.Signal.Cause, "stack overflow") {
				t.Errorf("the cause is %q", r.Signal.Cause)
			}
			if !has(r.Current(), "stacks_recurse") || !has(r.Current(), "stacks_body") || r.Current().Name() != "bare" {
				t.Errorf("the stack is %v", r.Current())
			}
			if r.Current().Frames[len(r.Current().Frames)-1].Kind == report.LostFrames {
				t.Errorf("the stack ends early: %v", r.Current().Frames)
			}
		})
	}
}

func TestExistingAlternateStackIsKept(t *testing.T) {
	_, out := survive(t, "own")
	if numbers(t, out)["kept"] != 1 {
		t.Errorf("%s", out.Stdout)
	}
}

// Stacks of threads that ended are used again, or unmapped.
func TestStacksAreRecycled(t *testing.T) {
	_, out := survive(t, "recycle 50")
	var mappings []string
	for line := range strings.Lines(out.Stdout) {
		if n, ok := strings.CutPrefix(line, "mappings "); ok {
			mappings = append(mappings, strings.TrimSpace(n))
		}
	}
	// The first time malloc's arenas and the threads' stacks, which libc keeps,
	// are new. Go may start a few threads of its own later; 50 stacks that are
	// left behind would be a hundred mappings or more.
	if len(mappings) < 2 {
		t.Fatalf("mappings: %v", mappings)
	}
	second, err1 := strconv.Atoi(mappings[1])
	last, err2 := strconv.Atoi(mappings[len(mappings)-1])
	if len(mappings) != 4 || err1 != nil || err2 != nil || last > second+16 {
		t.Errorf("mappings: %v", mappings)
	}
}
