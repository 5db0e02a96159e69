//go:build !linux || !amd64 || go1.28

package gort

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
	return Frozen{}, errors.New("gort: how this release of Go ends a process is not known")
}

// ExitLock is nil there.
func (Frozen) ExitLock() *int32 { return nil }

// RecoverPs does nothing there.
func (Frozen) RecoverPs() {}
