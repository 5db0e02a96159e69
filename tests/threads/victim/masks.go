//go:build cgo && linux && amd64

package main

// #include "masks.h"
import "C"

import (
	"fmt"
	"runtime"
)

func init() {
	scenarios["masks"] = masks
	scenarios["blocked"] = blocked
	scenarios["stress"] = stress
}

// masks has C change signal masks: with Epitaph when bit 0 of how is set, and as a shared
// library would when bit 1 is.
func masks(how int) error {
	runtime.LockOSThread()
	if how&1 != 0 {
		if err := enable(); err != nil {
			return err
		}
	}
	C.masks_show(C.int(how >> 1))
	return nil
}

func blocked(kind int) error {
	if err := enable(); err != nil {
		return err
	}
	C.masks_crash(C.int(kind))
	return nil
}

func stress(seconds int) error {
	if err := enable(); err != nil {
		return err
	}
	counts := C.masks_stress(C.int(seconds))
	fmt.Printf("lost %d left %d\n", int(counts.lost), int(counts.left))
	return nil
}
