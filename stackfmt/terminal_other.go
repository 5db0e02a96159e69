//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd && !windows

package stackfmt

import "os"

// isTerminal is not known here.
func isTerminal(*os.File) bool { return false }
