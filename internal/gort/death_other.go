//go:build !linux || !amd64 || go1.28

package gort

import "errors"

var errDeath = errors.New("gort: how this release of Go ends a process is not known")

// TracebackWord fails where the runtime is not known.
func TracebackWord() (uintptr, error) { return 0, errDeath }

// PrintBacklog fails where the runtime is not known.
func PrintBacklog() (backlog, index uintptr, err error) { return 0, 0, errDeath }
