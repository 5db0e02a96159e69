//go:build !(linux && (amd64 || arm64))

package gort

import (
	"fmt"
	"runtime"
)

// Load always fails: the C core that would use the result is not ported to
// this platform.
func Load() (Runtime, error) {
	return Runtime{}, fmt.Errorf("gort: not ported to %s/%s", runtime.GOOS, runtime.GOARCH)
}
