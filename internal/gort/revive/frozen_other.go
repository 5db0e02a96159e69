//go:build !linux || !(amd64 || arm64) || go1.28

package revive

import "errors"

// Frozen is not known where the runtime is not.
type Frozen struct {
	Freezing, GCWaiting, StopWait uintptr
	StopNote, SchedLock, Ps, PM   uintptr
	Panicking, PanicLock          uintptr
	ExitLocked, ExitWait          uintptr
}

// FindFrozen fails where the runtime is not known.
func FindFrozen() (Frozen, error) {
	return Frozen{}, errors.New("gort/revive: how this release of Go ends a process is not known")
}

// Valid is false there.
func (Frozen) Valid() bool { return false }

// ExitLock is nil there.
func (Frozen) ExitLock() *int32 { return nil }

// RecoverPs does nothing there.
func (Frozen) RecoverPs() {}
