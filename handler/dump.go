package handler

import (
	"runtime"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// Dump writes what all threads and goroutines are doing to standard error, or to
// [WithOutput], without stopping the program. The calling goroutine and its thread come
// first, including the C functions through which it was called; with [WithOneThread]
// they are all. The text is a report of kind report.Dump. The counterpart in Python is
// faulthandler.dump_traceback.
//
// It works without [Enable]. It then installs handlers that pass every crash on to those
// that were there before, until [Disable].
//
// Dump returns within some milliseconds, or after [WithDeadline] (5 s by default) if the
// output does not take the text. Dumps are written one at a time: the deadline starts
// when earlier dumps have finished. An error names what failed; part of the text may
// have been written. If the process crashes meanwhile, the dump stops and the crash is
// reported. Without the C core only the goroutines are written, and the error wraps
// [ErrNoNative].
//
// It is safe for concurrent use, and must not be called after a fault.
//
// Options: [WithOutput], [WithFormat], [WithOneThread], [WithIdleThreads],
// [WithMaxThreads], [WithMaxFrames], [WithGoFramesOnly], [WithInterrupt],
// [WithDeadline].
//
//go:noinline
func Dump(opts ...Option) error {
	c, err := newConfig(config.CallDump, opts)
	if err != nil {
		return err
	}
	return engine.Dump(c, callerOfDump())
}

// DumpNative writes the calling thread's stack as the machine sees it: each frame, of C
// and of Go, as a module, a function and an address, without inlined calls, as debuggers
// and addr2line take it. The counterpart in Python is faulthandler.dump_c_stack.
//
// Otherwise it is like [Dump]. Options: [WithOutput], [WithFormat], [WithMaxFrames],
// [WithDeadline].
//
//go:noinline
func DumpNative(opts ...Option) error {
	c, err := newConfig(config.CallDumpNative, opts)
	if err != nil {
		return err
	}
	c.AllThreads = false
	return engine.Dump(c, callerOfDump())
}

// callerOfDump is the return address of the function that calls it, which is not
// inlined: a dump begins there, and not among the functions of this package.
//
//go:noinline
func callerOfDump() uintptr {
	var pc [1]uintptr
	runtime.Callers(3, pc[:]) // past Callers, this function, and Dump
	return pc[0]
}
