//go:build !go1.28

package gort

import _ "unsafe" // for go:linkname

// Pin keeps the calling goroutine on its P until Unpin: the scheduler preempts
// it no more. What is done meanwhile must not block, must not panic, and should
// not take long; the world cannot be stopped.
//
// The runtime keeps it open to linkname (runtime/proc.go, procPin;
// go.dev/issue/67401).
//
//go:linkname Pin runtime.procPin
func Pin() int

// Unpin undoes Pin.
//
//go:linkname Unpin runtime.procUnpin
func Unpin()
