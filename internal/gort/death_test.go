//go:build linux && amd64 && !go1.28

package gort_test

import (
	"runtime/debug"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/gort"
)

func TestTracebackWordFollowsSetTraceback(t *testing.T) {
	at, err := gort.TracebackWord()
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
		again, err := gort.TracebackWord()
		if again != at || err != nil {
			t.Errorf("after SetTraceback(%q): %#x, %v; before it was %#x", level, again, err, at)
		}
		if now := atomic.LoadUint32(word); now != set {
			t.Errorf("after SetTraceback(%q), the search left %#x, not %#x", level, now, set)
		}
	}
}

func TestPrintBacklog(t *testing.T) {
	backlog, index, err := gort.PrintBacklog()
	if err != nil {
		t.Fatal(err)
	}
	for depth := range 10 {
		deep(20*depth, func() {
			b, i, err := gort.PrintBacklog()
			if b != backlog || i != index || err != nil {
				t.Fatalf("%#x, %#x, %v; first it was %#x, %#x", b, i, err, backlog, index)
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
		if _, err := gort.TracebackWord(); err != nil {
			b.Fatal(err)
		}
		if _, _, err := gort.PrintBacklog(); err != nil {
			b.Fatal(err)
		}
	}
}
