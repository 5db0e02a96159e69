package handler

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// Register has every signal of this number answered with a dump like that of
// [Dump], and the program goes on. First comes the thread that got the signal, as
// it was then, "Current thread", and the goroutine that it worked for; with
// [WithOneThread] its stack is the only one. The kernel may give the signal to a thread
// that has nothing to do, or to one of Epitaph's: such a thread is one among the others.
// A note says which process has sent the signal. The counterpart in Python is
// faulthandler.register.
//
// The dump needs nothing of the program: no goroutine, no lock and no memory. It
// comes although all Ps are busy, a lock is held for ever, or the process is stuck
// in C; that is what a signal is for, where a debugging handler of net/http does
// not answer any more:
//
//	handler.Register(syscall.SIGUSR1)
//	...
//	$ kill -USR1 $(pidof service)
//
// By default nothing else happens: a program that has registered SIGTERM does not
// end at one. With [WithChain] the signal has its usual effect as well:
// os/signal's channels get it, a C handler is called, and what ends the
// program ends it when the dump is written.
//
// A signal that comes during a dump is dumped after it. If more come before that
// dump begins they have none of their own; their number is told.
//
// A second Register of the same signal replaces the options. Errors are a signal
// that cannot be registered: the fatal ones (use [Enable]), those that cannot be
// handled (SIGKILL, SIGSTOP) or that the Go runtime, the C library or Epitaph
// itself needs (SIGURG, SIGPROF, 32 to 34, see [WithThreadSignal]), and numbers out
// of range; and an option that makes no sense.
//
// Register works without [Enable], as Dump does, and before it. System calls that
// the signal interrupts go on (SA_RESTART), but for those in the package
// documentation. In a child of fork that has not called exec the thread that
// got the signal writes the dump itself, without goroutines, before anything else that
// the signal does; one line says so where its signal stack is too small for that. In a
// child of vfork there is none. [os/signal.Notify],
// Stop and Ignore leave it in place; a C library that sets its own handler, and, in a
// c-shared or c-archive library, signal.Reset of a signal that no channel wants take it
// away. So do, in a program built with the tag epitaph_nowrap, signal.Ignore, and Notify
// of SIGTSTP, SIGTTIN, SIGTTOU and SIGCONT. Another Register puts it back. A program
// that ignores the signal (signal.Ignore) and starts another one does not hand that on:
// to the kernel the signal has a handler, so the new program has its default action.
//
// A signal whose turn does not come within its deadline, because another dump is stuck,
// is counted with the next. Where something else handles SIGSEGV or SIGBUS, in front of
// Epitaph, the thread that got the signal is shown with its innermost frame only, since
// a walk that failed would be taken for a fault of the program's.
//
// Without the C core the goroutines are written, by a goroutine, so only while the
// scheduler works; channels of os/signal always get the signal then. The signal is
// registered, and the error wraps [ErrNoNative].
//
// It is safe for concurrent use. Options: WithOutput, WithOneThread,
// WithMaxThreads, WithMaxFrames, WithGoFramesOnly, WithInterrupt, WithDeadline,
// WithChain.
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

// Unregister restores what the signal did before [Register], and reports whether
// it was registered. It waits for the dumps of the signals that came before. Its
// counterpart in Python is faulthandler.unregister.
func Unregister(sig os.Signal) bool {
	number, err := config.Registrable(sig)
	if err != nil {
		return false
	}
	return engine.Unregister(number)
}

// RegisterDump registers the signal that programs are usually asked by for a dump, SIGUSR1.
// It is Register(syscall.SIGUSR1, opts...), but compiles on every system: where there is no
// such signal (Windows, Plan 9) it does nothing, and the error wraps [errors.ErrUnsupported].
// [UnregisterDump] takes it back.
func RegisterDump(opts ...Option) error {
	if dumpSignal == 0 {
		return fmt.Errorf("epitaph: RegisterDump: %s has no SIGUSR1: %w", runtime.GOOS, errors.ErrUnsupported)
	}
	return Register(dumpSignal, opts...)
}

// UnregisterDump is [Unregister] of the signal of [RegisterDump].
func UnregisterDump() bool { return dumpSignal != 0 && Unregister(dumpSignal) }
