//go:build !linux || !amd64 || go1.28

package gort

import "errors"

// A Revival is not known where the runtime is not.
type Revival struct{}

// Revive does nothing there.
func (Revival) Revive() {}

// FindRevival fails where the runtime is not known.
func FindRevival() (Revival, error) {
	return Revival{}, errors.New("gort: how this release of Go ends a process is not known")
}
