//go:build cgo && linux && (amd64 || arm64)

package engine

import "runtime"

// behindInits tells whether all packages are certainly initialized: main calls this.
func behindInits() bool {
	pcs := make([]uintptr, 64)
	for skip := 0; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs)
		frames := runtime.CallersFrames(pcs[:n])
		for more := n > 0; more; {
			var f runtime.Frame
			if f, more = frames.Next(); f.Function == "main.main" {
				return true
			}
		}
		if n < len(pcs) {
			return false
		}
	}
}
