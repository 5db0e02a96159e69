//go:build !(linux && (amd64 || arm64))

package labels

import "errors"

// Find always fails.
func Find() (offset uintptr, err error) { return 0, errors.New("gort/labels: not ported") }
