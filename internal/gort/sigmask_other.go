//go:build !linux || !amd64 || go1.28

package gort

import "errors"

// SignalMasks always fails here: this is not a combination of release and
// platform whose runtime is known.
func SignalMasks() (wanted, ignored uintptr, err error) {
	return 0, 0, errors.New("gort: the runtime's signal masks are not known for this release and platform")
}
