package handler

import (
	"context"
	"errors"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// WithOnCrash sets the crash hook: last is called after the report of a crash in C or of
// an unrecovered panic, and before the process dies. report is the text of the report, its
// first MiB at most; last may keep it. A panic is reported to last even where no other
// place gets a report of panics.
//
// After a crash in C, Go still works. last runs on a goroutine of its own, beside all
// others, so it can flush a log or send the report. The thread that crashed stands still
// and keeps its locks. ctx ends shortly before the deadline of [WithDeadline], at which
// the process dies in any case.
//
// After a panic, last runs in a forked copy of the process ([InForkedCopy] reports that):
// other goroutines must not commit what the panic has left half done. The copy has the
// memory of the program and the goroutine that panicked, nothing else. It can compute, and
// write to memory that the program has mapped as shared. Anything else ends it: a file,
// the network, a call of C, a wait for a lock, channel or timer, a panic, even a recovered
// one, and calls of this package other than InForkedCopy. It is killed after 400 ms, or at
// the deadline if that is sooner. ctx has a deadline and an Err, but its Done is nil. To
// send the report of a panic, let the next run find it ([LastRun], or the files of
// [WithDir]), or use [WithOnCrashResume].
//
// last is not called after a fatal error of Go, when Go no longer runs, or, after a panic,
// when the process cannot be copied (see the package documentation). Nothing that last
// does changes how the process ends, except os.Exit after a crash in C or with
// WithOnCrashResume. A last that panics, calls runtime.Goexit, hangs or crashes is
// abandoned.
//
// It is an option of [Enable]. A nil last is an error.
func WithOnCrash(last func(ctx context.Context, report []byte)) Option {
	return forCalls(config.CallEnable, "WithOnCrash", func(c *config.Config) error {
		if last == nil {
			return errors.New("epitaph: WithOnCrash: the function is nil")
		}
		c.OnCrash = last
		return nil
	})
}

// InForkedCopy reports whether ctx, or the context that it was derived from, was passed to
// a function of [WithOnCrash] that runs in a forked copy of the process, after a panic.
func InForkedCopy(ctx context.Context) bool { return config.IsInCopy(ctx) }

// WithOnCrashResume runs the function of [WithOnCrash] in the process itself after a
// panic, not in a forked copy. For that all goroutines, which a panic stops, are resumed
// until the function returns or the deadline of [WithDeadline] expires: they serve
// requests and write to files and databases, beside what the panic has left half done. Use
// it if the function must send the report at once and the program can stand this. The
// function should be short, and stop the other goroutines first.
//
// The function runs on a goroutine of its own. The goroutine that panicked stands still;
// its deferred calls have run, so the locks that these release are free. A goroutine that
// returns from a system call or from C between the panic and the call of the function is
// not resumed, and keeps its locks.
//
// Go's text and the exit status stay as they are. Until the function returns, main does
// not exit when it returns, and other goroutines that panic or call os.Exit wait. Signals,
// [syscall.Exit] and exit called by C have their effect. A write to a standard output
// without a reader fails, and raises no SIGPIPE. A core dump (GOTRACEBACK=crash) shows the
// goroutines as they are after the function.
//
// The function is not called after a panic with GODEBUG=dontfreezetheworld=1, in a program
// built with -gcflags=all=-N or -gcflags=all=-l, or if another goroutine was about to die
// at the same time.
//
// It is an option of [Enable].
func WithOnCrashResume() Option {
	return forCalls(config.CallEnable, "WithOnCrashResume", func(c *config.Config) error {
		c.OnCrashResume = true
		return nil
	})
}
