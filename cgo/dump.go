//go:build cgo && linux && amd64

package cgo

// #include "dump.h"
import "C"

import (
	"fmt"
	"syscall"
	"time"
)

// DumpConfig is struct epi_dump.
type DumpConfig struct {
	Output      uintptr
	Timeout     time.Duration
	MaxFrames   int
	MaxThreads  int
	NativeStack bool
	AllThreads  bool
	Interrupt   bool // also threads whose system call will fail with EINTR
}

// Dump writes the stacks of the calling thread and of the others to the output,
// and the process goes on. The core must be enabled; like the other functions
// of this package it is called by one at a time.
func Dump(config *DumpConfig) error {
	c := C.struct_epi_dump{
		output:       C.int(config.Output),
		timeout:      C.uint64_t(config.Timeout),
		max_frames:   C.uint32_t(config.MaxFrames),
		max_threads:  C.uint32_t(config.MaxThreads),
		native_stack: C.bool(config.NativeStack),
		all_threads:  C.bool(config.AllThreads),
		interrupt:    C.bool(config.Interrupt),
	}
	if errno := C.epi_dump(&c); errno != 0 {
		return fmt.Errorf("cgo: dumping the threads: %w", syscall.Errno(errno))
	}
	return nil
}
