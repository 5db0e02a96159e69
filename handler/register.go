package handler

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// Register dumps as [Dump] does each time the process gets the signal sig, without
// stopping the program. The thread that got the signal comes first, as "Current thread",
// with the goroutine that it worked for; with [WithOneThread] it is all. The kernel may
// deliver the signal to an idle thread or to one of Epitaph's, which is then listed
// among the others. A note names the process that sent the signal. The counterpart in
// Python is faulthandler.register.
//
// The dump needs no goroutine, no lock and no memory of the program. It is written
// although all Ps are busy, a lock is held for ever, or the process is stuck in C:
//
//	handler.Register(syscall.SIGUSR1)
//	...
//	$ kill -USR1 $(pidof service)
//
// By default nothing else happens: a program that has registered SIGTERM does not end on
// it. With [WithChain] the signal has its usual effect after the dump.
//
// A signal that arrives during a dump is dumped after it. Of several that arrive
// meanwhile one is dumped, and the number of the others is printed, as is that of
// signals whose dump could not begin within its deadline.
//
// A second Register of the same signal replaces the options. It returns an error for
// signals that cannot be registered: the fatal ones (use [Enable]), SIGKILL and SIGSTOP,
// those that the Go runtime, the C library or Epitaph needs (SIGURG, SIGPROF, 32 to 34,
// see [WithThreadSignal]), and numbers out of range; and for options that it does not
// take.
//
// Register works without [Enable]. System calls that the signal interrupts are restarted
// (SA_RESTART), except those that never are (signal(7)). [os/signal.Notify], Stop and
// Ignore leave the registration in place. A C library that sets its own handler takes
// the signal away, as does signal.Reset in a c-shared or c-archive library; another
// Register puts it back. In a program built with the tag epitaph_nowrap, signal.Ignore
// takes it away too, and Notify of SIGTSTP, SIGTTIN, SIGTTOU and SIGCONT. A child of
// fork that has not called exec dumps the thread that got the signal, without
// goroutines; a child of vfork writes nothing.
//
// Without the C core a goroutine writes the goroutines, which needs a working scheduler,
// and the channels of os/signal always get the signal. The error then wraps
// [ErrNoNative].
//
// It is safe for concurrent use, and must not be called after a fault.
//
// Options: [WithOutput], [WithFormat], [WithOneThread], [WithIdleThreads],
// [WithMaxThreads], [WithMaxFrames], [WithGoFramesOnly], [WithInterrupt],
// [WithDeadline], [WithChain].
func Register(sig os.Signal, opts ...Option) error {
	c, err := newConfig(config.CallRegister, opts)
	if err != nil {
		return err
	}
	number, err := config.Registrable(sig)
	if err != nil {
		return fmt.Errorf("epitaph: Register: %w", err)
	}
	return engine.Register(number, c)
}

// Unregister restores what the signal did before [Register], and reports whether it was
// registered. It waits for the dumps of signals that have arrived. The counterpart in
// Python is faulthandler.unregister.
//
// It is safe for concurrent use, and must not be called after a fault.
func Unregister(sig os.Signal) bool {
	number, err := config.Registrable(sig)
	if err != nil {
		return false
	}
	return engine.Unregister(number)
}

// RegisterDump is [Register] of SIGUSR1, the usual signal for this, but compiles on
// every system. On Windows and Plan 9, which have no such signal, it does nothing and
// returns an error that wraps [errors.ErrUnsupported]. [UnregisterDump] undoes it.
func RegisterDump(opts ...Option) error {
	if dumpSignal == 0 {
		return fmt.Errorf("epitaph: RegisterDump: %s has no SIGUSR1: %w", runtime.GOOS, errors.ErrUnsupported)
	}
	return Register(dumpSignal, opts...)
}

// UnregisterDump is [Unregister] of the signal of [RegisterDump].
func UnregisterDump() bool { return dumpSignal != 0 && Unregister(dumpSignal) }
