//go:build linux && cgo

package crashes

import "runtime"

// tree is a heap that takes a while to mark: nothing but pointers.
type tree struct{ left, right *tree }

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{left: grow(depth - 1), right: grow(depth - 1)}
}

// startCollecting keeps a collection running from now on: one goroutine starts the next as soon as the last has ended,
// on a heap of half a million objects. It returns after the first, so that the crash falls into a later one.
func startCollecting() error {
	first := make(chan struct{})
	go func() {
		live := grow(18)
		runtime.GC()
		close(first)
		for {
			runtime.GC()
			runtime.KeepAlive(live)
		}
	}()
	<-first
	return nil
}
