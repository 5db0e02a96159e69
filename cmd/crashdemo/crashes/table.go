//go:build linux && cgo

package crashes

// The -pthread is for C libraries older than glibc 2.34. The functions are not exported, as a user's are not: what a
// report can name when the program is stripped is what it can name of any.

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE
// #cgo CXXFLAGS: -std=c++11
// #cgo LDFLAGS: -pthread
// #include <signal.h>
// #include "crash.h"
import "C"

import (
	"syscall"
	"unsafe"
)

const (
	segv = syscall.SIGSEGV
	abrt = syscall.SIGABRT
	heap = syscall.Signal(C.CRASH_HEAP_SIGNAL)
)

// heapTraits: a library that aborts sends a signal, one that traps makes a fault.
func heapTraits() Trait {
	if heap == abrt {
		return BelowLibrary | Sent
	}
	return BelowLibrary
}

func cKinds() []Kind {
	kinds := []Kind{
		{Name: "null-read", Text: "read a field through a NULL pointer", Signal: segv, enter: unsafe.Pointer(C.crash_null_read)},
		{Name: "null-write", Text: "write a field through a NULL pointer",
			Signal: segv, enter: unsafe.Pointer(C.crash_null_write)},
		{Name: "non-canonical", Text: "read from an address that no pointer can have",
			Signal: segv, enter: unsafe.Pointer(C.crash_non_canonical)},
		{Name: "strlen-null", Text: "strlen(NULL)",
			Signal: segv, Traits: BelowLibrary, enter: unsafe.Pointer(C.crash_strlen_null)},

		{Name: "call-null", Text: "call through a NULL function pointer",
			Signal: segv, Traits: BadPC, enter: unsafe.Pointer(C.crash_call_null)},
		{Name: "call-garbage", Text: "call an address where nothing is mapped",
			Signal: segv, Traits: BadPC, enter: unsafe.Pointer(C.crash_call_garbage)},
		{Name: "call-noexec", Text: "call data, which is not executable",
			Signal: segv, Traits: BadPC, enter: unsafe.Pointer(C.crash_call_noexec)},

		{Name: "stack-overflow", Text: "endless recursion in C",
			Signal: segv, Traits: Deep, enter: unsafe.Pointer(C.crash_stack_overflow)},
		{Name: "smashed-stack", Text: "fault after overwriting the callers' frames",
			Signal: segv, Traits: CallersLost, enter: unsafe.Pointer(C.crash_smashed_stack)},
		{Name: "no-stack", Text: "push with the stack pointer at 0",
			Signal: segv, Traits: CallersLost, enter: unsafe.Pointer(C.crash_no_stack)},
		{Name: "recursion2", Text: "fault below 1000 calls of two functions by each other", Signal: segv, Traits: Deep,
			Callers: []string{"demo_recursion2_other", "enter_recursion2"}, enter: unsafe.Pointer(C.enter_recursion2)},

		{Name: "ud2", Text: "undefined instruction", Signal: syscall.SIGILL, enter: unsafe.Pointer(C.crash_ud2)},
		{Name: "int3", Text: "breakpoint instruction without a debugger",
			Signal: syscall.SIGTRAP, enter: unsafe.Pointer(C.crash_int3)},

		{Name: "abort", Text: "abort()", Signal: abrt, Traits: BelowLibrary | Sent, enter: unsafe.Pointer(C.crash_abort)},
		{Name: "assert", Text: "assert() that fails",
			Signal: abrt, Traits: BelowLibrary | Sent, enter: unsafe.Pointer(C.crash_assert)},

		{Name: "double-free", Text: "free a block twice",
			Signal: heap, Traits: heapTraits(), enter: unsafe.Pointer(C.crash_double_free)},
		{Name: "heap-corruption", Text: "write past the end of a heap block, then free it",
			Signal: heap, Traits: heapTraits(), enter: unsafe.Pointer(C.crash_heap_corruption)},
		{Name: "in-malloc", Text: "fault inside the allocator, its lock held",
			Signal: segv, Traits: BelowLibrary, enter: unsafe.Pointer(C.crash_in_malloc)},

		{Name: "bus", Text: "read past the end of a mapped file", Signal: syscall.SIGBUS, enter: unsafe.Pointer(C.crash_bus)},
		{Name: "no-fds", Text: "fault with no file descriptor left", Signal: segv, enter: unsafe.Pointer(C.crash_no_fds)},

		{Name: "in-dl-iterate", Text: "fault inside a dl_iterate_phdr callback, the loader's lock held", Signal: segv,
			Callers: []string{"enter_in_dl_iterate"}, enter: unsafe.Pointer(C.enter_in_dl_iterate)},
		{Name: "dlopen-constructor", Text: "fault in a constructor of a library that dlopen loads", Signal: segv,
			Callers: []string{"enter_dlopen_constructor"}, enter: unsafe.Pointer(C.enter_dlopen_constructor), prepare: buildConstructor},

		{Name: "stdio-locks", Text: "fault with the locks of stdout and stderr held",
			Signal: segv, enter: unsafe.Pointer(C.crash_stdio_locks)},

		{Name: "blocked", Text: "fault with the signal blocked",
			Signal: segv, Traits: Silent, enter: unsafe.Pointer(C.crash_blocked)},
		{Name: "raise", Text: "raise(SIGSEGV)", Signal: segv, Traits: BelowLibrary | Sent, enter: unsafe.Pointer(C.crash_raise)},
		{Name: "kill-self", Text: "kill(getpid(), SIGSEGV)",
			Signal: segv, Traits: BelowLibrary | Sent | AnyThread, enter: unsafe.Pointer(C.crash_kill_self)},
		{Name: "seccomp", Text: "system call that a seccomp filter traps",
			Signal: syscall.SIGSYS, Traits: BelowLibrary, enter: unsafe.Pointer(C.crash_seccomp)},

		{Name: "eight-threads", Text: "eight C threads fault at once", Signal: segv, Traits: OwnThread | SeveralThreads,
			Callers: []string{"demo_eight_threads_main"}, enter: unsafe.Pointer(C.enter_eight_threads)},

		{Name: "in-gc", Text: "fault while Go collects garbage",
			Signal: segv, enter: unsafe.Pointer(C.crash_in_gc), prepare: startCollecting},
		{Name: "go-c-go-c", Text: "fault in C that Go called, which C called, which Go called", Signal: segv, Traits: ThroughGo,
			Callers: []string{"crashes.goBetween", "enter_go_c_go_c"}, enter: unsafe.Pointer(C.enter_go_c_go_c)},
		{Name: "callback-thread", Text: "fault in C called by Go, called by a thread that C started", Signal: segv, Traits: OwnThread | ThroughGo,
			Callers: []string{"crashes.goOnThread", "demo_callback_thread_main"}, enter: unsafe.Pointer(C.enter_callback_thread)},
	}
	if Missing("division") == "" {
		kinds = append(kinds, Kind{Name: "division", Text: "integer division by zero",
			Signal: syscall.SIGFPE, enter: unsafe.Pointer(C.crash_division)})
	}
	return kinds
}
