//go:build cgo && linux && (amd64 || arm64)

package cgo

// #include "ondemand/usersignal.h"
import "C"

import (
	"fmt"
	"syscall"
)

// ErrOwnSignal is the error of RegisterSignal for a signal that the core uses.
const ErrOwnSignal = syscall.EINVAL

// RegisterSignal has a signal dumped from now on, or changes how. The core keeps a
// duplicate of the output; it must be on. Calls come one at a time, together with
// those of Enable and Disable.
func RegisterSignal(signal syscall.Signal, config *DumpConfig, chain bool) error {
	c := config.c(C.EPI_DUMP_SIGNAL)
	c.patience = c.timeout // others wait for the dumper
	if errno := C.epi_usersignal_register(C.int(signal), &c, C.bool(chain)); errno != 0 {
		return fmt.Errorf("cgo: registering signal %d: %w", int(signal), syscall.Errno(errno))
	}
	return nil
}

// RestoreSignal restores what a registered signal did before; false when it was not
// registered. Calls come as those of RegisterSignal do, and EndSignal follows.
func RestoreSignal(signal syscall.Signal) bool {
	return bool(C.epi_usersignal_restore(C.int(signal)))
}

// EndSignal waits for the dumps of signals that came before, for which the core must
// stay on. Meanwhile there may be calls of Enable, but none of RegisterSignal and
// RestoreSignal.
func EndSignal(signal syscall.Signal) { C.epi_usersignal_end(C.int(signal)) }
