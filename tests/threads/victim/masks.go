//go:build cgo && linux && (amd64 || arm64)

package main

// #include "masks.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func init() {
	scenarios["masks"] = masks
	scenarios["blocked"] = blocked
	scenarios["blocked-creator"] = blockedCreator
	scenarios["stress"] = stress
	scenarios["older"] = older
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

func blockedCreator(int) error {
	if err := enable(); err != nil {
		return err
	}
	C.masks_crash_in_create()
	return errors.New("pthread_create has returned")
}

// older has a thread fault that has blocked SIGSEGV before Epitaph was there, once that is
// open: the helper asks threads that have no alternate stack.
func older(int) error {
	tid := int(C.masks_begin_older())
	if err := enable(); err != nil {
		return err
	}
	status := fmt.Sprintf("/proc/self/task/%d/status", tid)
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile(status)
		if err != nil {
			return err
		}
		_, rest, _ := strings.Cut(string(text), "SigBlk:\t")
		mask, err := strconv.ParseUint(rest[:16], 16, 64)
		if err != nil {
			return err
		}
		if mask&(1<<(syscall.SIGSEGV-1)) == 0 {
			C.masks_end_older()
		}
	}
	return errors.New("SIGSEGV is still blocked")
}

func stress(seconds int) error {
	if err := enable(); err != nil {
		return err
	}
	counts := C.masks_stress(C.int(seconds))
	fmt.Printf("lost %d left %d\n", int(counts.lost), int(counts.left))
	return nil
}
