//go:build !linux || !amd64 || go1.28

package gort

import "errors"

var errDeath = errors.New("gort: how this release of Go ends a process is not known")

// NoCrashFD is the descriptor that is none.
const NoCrashFD = ^uintptr(0)

// SetCrashFD does nothing where the runtime is not known.
func SetCrashFD(uintptr) uintptr { return NoCrashFD }

// TracebackWord fails where the runtime is not known.
func TracebackWord() (uintptr, error) { return 0, errDeath }

// PrintBacklog fails where the runtime is not known.
func PrintBacklog() (backlog, index uintptr, err error) { return 0, 0, errDeath }
