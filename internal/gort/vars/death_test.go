//go:build linux && (amd64 || arm64) && !go1.28

package vars_test

import (
	"runtime/debug"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/gort/vars"
)

func TestTracebackFollowsSetTraceback(t *testing.T) {
	at, err := vars.FindTraceback()
	if err != nil {
		t.Fatal(err)
	}
	word := *(**uint32)(unsafe.Pointer(&at))
	before := atomic.LoadUint32(word)
	t.Cleanup(func() { atomic.StoreUint32(word, before) })
	// What the environment has set stays set.
	for _, level := range []string{"none", "single", "all", "system", "crash", "3"} {
		atomic.StoreUint32(word, ^uint32(0))
		debug.SetTraceback(level)
		set := atomic.LoadUint32(word)
		if crash := set&1 != 0; crash != (level == "crash" || before&1 != 0) {
			t.Errorf("SetTraceback(%q): the word is %#x", level, set)
		}
		again, err := vars.FindTraceback()
		if again != at || err != nil {
			t.Errorf("after SetTraceback(%q): %#x, %v; before it was %#x", level, again, err, at)
		}
		if now := atomic.LoadUint32(word); now != set {
			t.Errorf("after SetTraceback(%q), the search left %#x, not %#x", level, now, set)
		}
	}
}

func TestBacklog(t *testing.T) {
	backlog, err := vars.FindBacklog()
	if err != nil {
		t.Fatal(err)
	}
	for depth := range 10 {
		deep(20*depth, func() {
			again, err := vars.FindBacklog()
			if again != backlog || err != nil {
				t.Fatalf("%#x, %v; first it was %#x", again, err, backlog)
			}
		})
	}
}

func deep(n int, f func()) {
	if n > 0 {
		deep(n-1, f)
		return
	}
	f()
}

func BenchmarkDeath(b *testing.B) {
	for b.Loop() {
		if _, err := vars.FindTraceback(); err != nil {
			b.Fatal(err)
		}
		if _, err := vars.FindBacklog(); err != nil {
			b.Fatal(err)
		}
	}
}
