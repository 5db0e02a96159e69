//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd && !windows

package terminal

import "os"

// Is reports whether a file is a terminal, which is not known here.
func Is(*os.File) bool { return false }
