//go:build cgo && linux && amd64

package cgo

// #include "usersignal.h"
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

// UnregisterSignal restores what the signal did before; false when it was not
// registered.
func UnregisterSignal(signal syscall.Signal) bool {
	return bool(C.epi_usersignal_unregister(C.int(signal)))
}
