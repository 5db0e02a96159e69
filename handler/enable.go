package handler

import (
	"context"
	"errors"
	"syscall"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// ErrNoNative is wrapped by the error of [Enable], and of the calls that dump, where
// there is no C core: on other platforms than Linux on amd64 and arm64, and without cgo. The call
// has done what pure Go can then, which each describes.
var ErrNoNative = config.ErrNoNative

// Enable installs the handlers of the fatal signals. The counterpart in Python is
// faulthandler.enable.
//
// A second call replaces the options, and reinstalls handlers that were taken away
// since. On an error nothing is changed, with one exception: if the file of [WithOutput]
// or [WithBlackBox], or the directory of [WithDir], cannot be used and Epitaph was not
// enabled, it is enabled without that, and reports go to standard error. Enable starts a
// thread and some goroutines, and returns within about a millisecond. The names of C
// functions that are not exported become known a moment later (see [Ready]).
//
// Without the C core the error wraps [ErrNoNative], and faults in C are not reported.
// Go's own text of an unrecovered panic, a fatal error or a signal is then copied to the
// file of WithOutput, or to one in WithDir, which Enable creates and [Disable] removes
// if it is empty. Package stackfmt reads that text. The line "fatal error: ..." is
// missing, since Go prints it too early. The other options are checked and have no
// effect. This uses [runtime/debug.SetCrashOutput]: a program that calls that itself
// keeps its own file.
//
// One goroutine of Epitaph runs while it is enabled, and for moments a few more. A test
// that looks for leaks with go.uber.org/goleak uses goleak.IgnoreCurrent after Enable,
// or names it:
//
//	const engine = "github.com/epitaph-go/epitaph/internal/engine."
//	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(engine+"(*responder).sleep"))
//
// C code may install handlers of the fatal signals before Enable or later: they are
// called after the report. [Taken] lists the exceptions, which concern shared libraries;
// a program that has such a library calls Enable after it is loaded, or adds
// [WithTakeover]. A fault in Go code goes to Go's handler in any case, and may become a
// panic.
//
// It is safe for concurrent use, and must not be called after a fault.
func Enable(opts ...Option) error {
	c, err := newConfig(config.CallEnable, opts)
	if err != nil {
		return err
	}
	refused := errors.Join(c.Refused...)
	if refused != nil && engine.Enabled() {
		return refused
	}
	return errors.Join(refused, engine.Enable(c))
}

// Disable restores the handlers that were there before [Enable], except where another
// handler has been installed since. It reports whether Epitaph was enabled. The
// counterpart in Python is faulthandler.disable.
//
// It may be deferred in main. If a panic runs it that has not been recovered, it does
// nothing, because otherwise the panic would end the program without a report.
//
// While [DumpLater] or a [Watchdog] is armed, the handlers that these need stay, and
// pass every crash on. A later call removes them.
//
// It is safe for concurrent use, and must not be called after a fault.
func Disable() bool { return engine.Disable() }

// Enabled reports whether [Enable] is in force; without the C core, whether Go's text is
// copied to a place other than standard error. The counterpart in Python is
// faulthandler.is_enabled.
func Enabled() bool { return engine.Enabled() }

// Taken returns the fatal signals whose handler was replaced since [Enable], and by
// whom: the file of the program or library that has the handler now, "the default
// action", "SIG_IGN, which ignores it", "Go's runtime" or "code of no module". A change is noticed
// within about a second. It is empty without the C core.
//
// A handler that C code in the program sets with sigaction or signal is not listed:
// Epitaph's handler stays first and calls it after the report. The same applies to
// shared libraries if package handler/interpose is linked in. Only libraries without it,
// libraries that make the system call themselves, and programs built with the tag
// epitaph_nowrap can replace a handler.
//
// It is safe for concurrent use.
func Taken() map[syscall.Signal]string { return engine.Taken() }

// Ready waits until the work that [Enable] does in the background is done for the
// modules that are loaded now: from then on reports have the names of all C functions in
// the symbol tables. It returns the error of ctx if that ends first, and nil at once if
// Epitaph is not enabled.
//
// Programs do not need it. A test that crashes right after Enable does.
func Ready(ctx context.Context) error {
	select {
	case <-engine.Ready():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
