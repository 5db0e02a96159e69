//go:build !linux

package blackbox

import "os"

// held tells whether a process has the box open to write to it. Here none has: the
// core is there on linux only.
func held(*os.File) bool { return false }
