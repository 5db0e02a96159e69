//go:build cgo && linux && (amd64 || arm64)

package cgo

// #include <errno.h>
// #include "ondemand/dump.h"
import "C"

import (
	"errors"
	"syscall"
	"time"
)

// DumpConfig is the part of struct epi_dump that all kinds of dump share.
type DumpConfig struct {
	Output      uintptr
	Timeout     time.Duration
	MaxFrames   int
	MaxThreads  int
	NativeStack bool
	JSON        bool // one line of JSON
	AllThreads  bool
	IdleThreads bool // also those that wait for work
	Interrupt   bool // also threads whose system call will fail with EINTR
	// From is the return address into the function whose frame is shown first,
	// of a dump that is called for; 0: the callees are shown too.
	From uintptr
}

func (config *DumpConfig) c(kind uint32) C.struct_epi_dump {
	return C.struct_epi_dump{
		kind:         kind,
		output:       C.epi_fd_of(C.int(config.Output)),
		timeout:      C.uint64_t(config.Timeout),
		max_frames:   C.uint32_t(config.MaxFrames),
		max_threads:  C.uint32_t(config.MaxThreads),
		native_stack: C.bool(config.NativeStack),
		json:         C.bool(config.JSON),
		all_threads:  C.bool(config.AllThreads),
		idle_threads: C.bool(config.IdleThreads),
		interrupt:    C.bool(config.Interrupt),
		from:         C.uintptr_t(config.From),
	}
}

// Dump writes the stacks of the calling thread and of the others to the output,
// and the process goes on. The core must be on, and stay on meanwhile. Unlike
// the other functions of this package it may be called by several at once.
func Dump(config *DumpConfig) error { return dump(config.c(C.EPI_DUMP_CALL)) }

// DumpNative writes the calling thread's stack alone, every frame as a place in
// a file.
func DumpNative(config *DumpConfig) error { return dump(config.c(C.EPI_DUMP_NATIVE)) }

func dump(c C.struct_epi_dump) error {
	switch errno := C.epi_dump(&c); errno {
	case 0:
		return nil
	case C.ECANCELED:
		return errors.New("the process is crashing")
	case C.ENODEV:
		return errors.New("the core is off")
	case C.EADDRINUSE:
		return errors.New("something else handles SIGSEGV or SIGBUS; Enable, called again, puts Epitaph in front")
	case C.ETIMEDOUT:
		return errors.New("a part took too long, and was given up")
	case C.EFAULT:
		return errors.New("a part faulted, and was given up")
	default:
		return syscall.Errno(errno)
	}
}
