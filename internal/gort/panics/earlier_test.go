//go:build linux && (amd64 || arm64)

package panics

import "testing"

// The goroutine's stack may be moved between the panics: here it grows, at one depth
// or another.
func TestEarlierWhileTheStackMoves(t *testing.T) {
	layout, err := FindLayout()
	if err != nil || layout.earlier == 0 {
		t.Fatalf("%+v, %v", layout, err)
	}
	for depth := range 500 {
		found := make(chan Layout)
		go func() {
			var l Layout
			below(depth, func() { l = probePanic(0) })
			below(depth, l.findRest)
			found <- l
		}()
		if l := <-found; l != layout {
			t.Errorf("%d calls further in it is %+v, not %+v", depth, l, layout)
		}
	}
}

//go:noinline
func below(calls int, f func()) int {
	if calls > 0 {
		return below(calls-1, f) + 1
	}
	f()
	return 0
}
