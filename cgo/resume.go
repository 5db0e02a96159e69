//go:build cgo && linux && (amd64 || arm64)

package cgo

// #include "goruntime/goroutines.h"
// #include "goruntime/resume.h"
import "C"

import (
	"sync/atomic"
	"syscall"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/gort"
	"github.com/epitaph-go/epitaph/internal/gort/revive"
)

// PrepareResume lets the core have a goroutine that has died of a panic go on for the
// program's crash hook, at entry (revive.ResumeAt); whoever calls os.Exit meanwhile calls
// exit, until it returns with f.ExitLocked 0. See native/goruntime/resume.h. It is for a healthy
// process; only the first call counts.
func PrepareResume(f revive.Frozen, entry uintptr, exit *func()) {
	frozen := C.struct_epi_frozen{
		freezing:    C.uintptr_t(f.Freezing),
		gc_waiting:  C.uintptr_t(f.GCWaiting),
		stop_wait:   C.uintptr_t(f.StopWait),
		stop_note:   C.uintptr_t(f.StopNote),
		sched_lock:  C.uintptr_t(f.SchedLock),
		ps:          C.uintptr_t(f.Ps),
		p_m:         C.uintptr_t(f.PM),
		panicking:   C.uintptr_t(f.Panicking),
		panic_lock:  C.uintptr_t(f.PanicLock),
		exit_locked: C.uintptr_t(f.ExitLocked),
		exit_wait:   C.uintptr_t(f.ExitWait),
	}
	// A func that is no closure is a pointer to memory that is not the collector's.
	C.epi_resume_prepare(&frozen, C.uintptr_t(entry), C.uintptr_t(*(*uintptr)(unsafe.Pointer(exit))))
}

// Resumed tells whether Go has died of a panic, and goes on for the crash hook alone.
func (l Live) Resumed() bool {
	return atomic.LoadUint32((*uint32)(&l.c.ending)) != C.EPI_ENDING_C
}

// Ended tells whether the crash hook has finished.
func (l Live) Ended() bool { return atomic.LoadUint32((*uint32)(&l.c.ended)) != 0 }

// End ends the process after that, in the goroutine that has died: by SIGABRT, if that
// is what it was about to do. The signal is raised again, for whoever else handles it,
// the host of a library perhaps. Where this returns the goroutine makes it deadly
// (runtime.dieFromSignal).
func (l Live) End() {
	for atomic.LoadUint32((*uint32)(&l.c.ending)) != C.EPI_ENDING_ABORT {
		_, _, _ = syscall.RawSyscall(syscall.SYS_EXIT_GROUP, C.EPI_GO_STATUS, 0, 0)
	}
	gort.Pin()
	defer gort.Unpin()
	process, _, _ := syscall.RawSyscall(syscall.SYS_GETPID, 0, 0, 0)
	thread, _, _ := syscall.RawSyscall(syscall.SYS_GETTID, 0, 0, 0)
	_, _, _ = syscall.RawSyscall(syscall.SYS_TGKILL, process, thread, uintptr(syscall.SIGABRT))
}
