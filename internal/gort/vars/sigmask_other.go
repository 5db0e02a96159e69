//go:build !linux || !(amd64 || arm64) || go1.28

package vars

import "errors"

// FindSignalMasks always fails here: this is not a combination of release and
// platform whose runtime is known.
func FindSignalMasks() (SignalMasks, error) {
	return SignalMasks{}, errors.New("gort/vars: the runtime's signal masks are not known for this release and platform")
}
