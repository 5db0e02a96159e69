//go:build !go1.28

package vars

import _ "unsafe" // for go:linkname

// SetCrashFD is what debug.SetCrashOutput calls: it makes fd the descriptor
// that the runtime writes a copy of its last words to, ^0 for none, and returns
// the one that was there, or ^0 (runtime/runtime.go). It is the same on every
// platform.
//
//go:linkname SetCrashFD runtime.setCrashFD
func SetCrashFD(fd uintptr) uintptr

// NoCrashFD is the descriptor that is none.
const NoCrashFD = ^uintptr(0)
