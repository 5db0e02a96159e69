//go:build cgo && linux && (amd64 || arm64)

package cgo

// #include "ondemand/timers.h"
import "C"

import (
	"syscall"
	"time"
	"unsafe"
)

// TimerConfig is struct epi_timer_config.
type TimerConfig struct {
	DumpConfig
	After time.Duration
	Again bool // periodically
	Exit  bool // then the process ends, with status 1
}

// ErrNoWatchdog is the error of WatchdogStart when all of them are in use.
const ErrNoWatchdog = syscall.ENOSPC

// Watchdogs is how many there can be.
const Watchdogs = C.EPI_WATCHDOGS

func (config *TimerConfig) c() C.struct_epi_timer_config {
	dump := config.DumpConfig.c(C.EPI_DUMP_TIMEOUT)
	dump.patience, dump.passed = dump.timeout, C.uint64_t(config.After)
	return C.struct_epi_timer_config{dump: dump, again: C.bool(config.Again), exit: C.bool(config.Exit)}
}

// DumpLater arms the timer, or arms it anew. The core must be on.
func DumpLater(config *TimerConfig) error {
	c := config.c()
	return errnoOf(C.epi_dump_later(&c))
}

// CancelDumpLater disarms the timer, and waits for its dump if that is being
// written.
func CancelDumpLater() { C.epi_cancel_dump_later() }

// WatchdogStart returns the word in C's memory that is to be set to 1 now and
// then. The core must be on.
func WatchdogStart(config *TimerConfig) (*uint32, error) {
	c := config.c()
	var beat *C.uint32_t
	if err := errnoOf(C.epi_watchdog_start(&c, &beat)); err != nil {
		return nil, err
	}
	return (*uint32)(unsafe.Pointer(beat)), nil
}

// WatchdogStop ends the watchdog with this word, as CancelDumpLater does. The word
// is another's then.
func WatchdogStop(beat *uint32) { C.epi_watchdog_stop((*C.uint32_t)(unsafe.Pointer(beat))) }

// TimersArmed tells whether the core is needed for a timer or a watchdog.
func TimersArmed() bool { return bool(C.epi_timers_armed()) }

func errnoOf(errno C.int) error {
	if errno == 0 {
		return nil
	}
	return syscall.Errno(errno)
}
