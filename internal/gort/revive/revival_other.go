//go:build !linux || !(amd64 || arm64) || go1.28

package revive

import "errors"

// A Revival is not known where the runtime is not.
type Revival struct{}

// Valid is false there.
func (Revival) Valid() bool { return false }

// Revive does nothing there.
func (Revival) Revive() {}

// FindRevival fails where the runtime is not known.
func FindRevival() (Revival, error) {
	return Revival{}, errors.New("gort/revive: how this release of Go ends a process is not known")
}
