package handler

import (
	"context"
	"errors"
	"syscall"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// ErrNoNative is wrapped by the error of [Enable], and of the calls that dump, where
// there is no C core: on other platforms than linux/amd64, and without cgo. The call
// has done what pure Go can then, which each describes.
var ErrNoNative = config.ErrNoNative

// Enable installs the handlers of the fatal signals. Its counterpart in Python
// is faulthandler.enable.
//
// A second call replaces the options, and puts back handlers that somebody has
// taken away since. On an error nothing is changed, with one exception: where the file of
// [WithOutput], the directory of [WithDir] or the file of [WithBlackBox] cannot be used, and
// Epitaph was not enabled, it is now, without that. Reports go to standard error then, or
// without the box. Enable starts a thread and
// some goroutines and returns within a millisecond or so; names of C functions
// that are not exported become known in the background a moment later (see
// [Ready]).
//
// Without the C core, which the error tells by wrapping [ErrNoNative], faults in C are
// not reported. Of an unrecovered panic, a fatal error, and a signal that Go
// dies of, Go's own text goes to the place of the report as well, if that is not
// standard error: to the file of [WithOutput], or to one in [WithDir], which is made
// now, and removed by [Disable] if nothing was written to it. It is what Go prints,
// and no more; package stackfmt reads it (ParseGoroutines). The line "fatal error: ..."
// is on standard error only, since Go prints it too early. The other options are
// checked, and have no effect. It works by debug.SetCrashOutput: a program that calls
// that itself, before Enable or later, keeps its own.
//
// Two goroutines of Epitaph's are there while it is enabled, and for moments a few more. A
// test that looks for leaks by go.uber.org/goleak takes goleak.IgnoreCurrent after Enable,
// or names them:
//
//	const engine = "github.com/epitaph-go/epitaph/internal/engine."
//	goleak.VerifyTestMain(m,
//		goleak.IgnoreAnyFunction(engine+"(*responder).sleep"),
//		goleak.IgnoreAnyFunction(engine+"(*indexer).run"))
//
// A library that has put its handler in front of Epitaph's, which a dump before
// Enable had installed, stays in front, as one does that came before [Disable].
//
// C code may install handlers of the fatal signals before Enable or later: they are called
// after the report. What [Taken] says of shared libraries is the exception; a program that has
// such ones calls Enable after they are loaded, or adds [WithTakeover]. A fault in Go code goes to
// Go's handler in any case, and may become a panic.
//
// It is safe for concurrent use.
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

// Disable restores the handlers that were there before [Enable], except where
// somebody else has installed one since. It reports whether Epitaph was
// enabled. Its counterpart in Python is faulthandler.disable.
//
// It is for the end of main, and may be deferred: where it is called by a panic that
// is on its way and that nobody has recovered yet, it does nothing, or that panic would
// end the program without a report.
//
// While [DumpLater] or a [Watchdog] is armed, what they need stays: handlers that
// report no crash and hand it on. A call when they are not takes these away too.
func Disable() bool { return engine.Disable() }

// Enabled reports whether [Enable] is in force (faulthandler.is_enabled): without the
// C core, whether Go's text has a place besides standard error.
func Enabled() bool { return engine.Enabled() }

// Taken tells which of the fatal signals somebody has taken away since [Enable], and who
// has them now: the file of the program or library whose handler it is, "the default action",
// "nobody, ignored", "Go's runtime" or "code of no module". It knows that after a second or so, and
// is empty without the C core.
//
// What C code in the program sets with sigaction or signal takes nothing away: Epitaph's
// handler goes first, that one is called after the report, and the program sees its own. So it is with
// shared libraries where package handler/interpose is linked in. What is left are
// libraries without it, or that make the system call themselves, and programs built with the tag
// epitaph_nowrap.
func Taken() map[syscall.Signal]string { return engine.Taken() }

// Ready waits until the work that [Enable] does in the background is done for
// the modules that are loaded now: then the names of all C functions that the
// program's symbol tables hold are known. It returns the context's error if
// that comes first, and nil at once when Epitaph is not enabled.
//
// Programs do not need it; a test that crashes right after Enable does.
func Ready(ctx context.Context) error {
	select {
	case <-engine.Ready():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
