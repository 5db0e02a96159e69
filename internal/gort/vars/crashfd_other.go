//go:build go1.28

package vars

// NoCrashFD is the descriptor that is none.
const NoCrashFD = ^uintptr(0)

// SetCrashFD does nothing where the runtime is not known.
func SetCrashFD(uintptr) uintptr { return NoCrashFD }
