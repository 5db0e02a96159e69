package handler

import (
	"context"
	"errors"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// WithOnCrash has last called when C code has crashed, or a goroutine has panicked and
// nobody has recovered it, after the report was written and before the process dies. The
// report is the text as it was written, its first MiB, and is last's to keep; where there
// is no place for a report on a panic (package documentation) it is made for last. What
// last can do depends on what has happened.
//
// # After a crash of C code
//
// Go still works. last runs on a goroutine of its own, beside all the others, which go
// on; the thread that crashed stands still, with the locks that it holds. So last can
// flush a log or send the report. The context ends a moment before the time of
// [WithDeadline] does, which is when the process dies all the same.
//
// # After a panic
//
// The program does not go on: what the panic has left half done would be taken for done,
// and be committed, by the goroutines that do not know of it. So last runs in a copy of
// the process, made by fork, in which there is nothing but the goroutine that panicked,
// on its one thread; [InForkedCopy] tells last so. It sees the memory of the program as
// it was at the panic, and has 400 ms, or what [WithDeadline] leaves where that is less.
// Then the copy is killed; the process, which waits for it, dies of its panic.
//
// Files and the network are not there. All descriptors are closed in the copy, standard
// output and standard error among them, and a function that makes a system call by way of
// Go's scheduler, as those of packages os and net do, or that calls C, does not return.
// Nor does what waits: for a lock that somebody holds, a channel, a timer, another
// goroutine; nor what panics, even if last recovers it. Each of these ends the copy.
// Nothing of this package may be called in it, but InForkedCopy. The context
// has a deadline, a moment before the copy is killed, and its Err looks at the clock; its
// Done is nil.
//
// What is left is to compute: to look at the report and at the program's own data, which
// nobody changes any more, and to put the outcome where it outlives both: memory that
// the program has mapped as shared (MAP_SHARED) before, of a file or with another
// process. What last does to all other memory is gone with the copy. A report that is
// to be sent is sent by the next run, at its start: it finds it by [LastRun] in the file
// of [WithBlackBox], or in the directory of [WithDir].
//
// A program that has to send it itself, and knows what it may do after a panic, asks for
// [WithOnCrashResume].
//
// last is not called after a panic with [WithNoFork], in a process that is too large to
// be copied (package documentation), and where a fork is refused.
//
// # In both cases
//
// Nothing that last does makes the death another one (but os.Exit, where Go goes on): a
// panic in it that it does not recover ends it, and so does runtime.Goexit, and one that
// hangs, or calls C code that crashes too, is left behind when the deadline expires. If Go does not run any
// more, because no P comes or its memory is damaged, last is not called.
//
// It is not called when Go itself ends the process by a fatal error ("concurrent map
// writes"), whose message says what is wrong with the runtime's own data.
func WithOnCrash(last func(ctx context.Context, report []byte)) Option {
	return forCalls(config.CallEnable, "WithOnCrash", func(c *config.Config) error {
		if last == nil {
			return errors.New("epitaph: WithOnCrash: the function is nil")
		}
		c.OnCrash = last
		return nil
	})
}

// InForkedCopy reports whether a context is that of a function of [WithOnCrash] which
// runs in a copy of the process, after a panic, where there are no files, no network and
// no other goroutines; or one that was made from it.
func InForkedCopy(ctx context.Context) bool { return config.IsInCopy(ctx) }

// WithOnCrashResume has the whole program go on after a panic, until the function of
// [WithOnCrash] has finished or the time of [WithDeadline] is over: it serves
// requests and writes to files and data bases, beside what the panic has left half done.
// Without it nothing is committed after a panic. It is for programs whose function must
// send the report at once, and that can stand this: such a function should be short, and
// begin with telling the others to stop.
//
// A panic stops all goroutines before Go prints it, and for good; they are set going
// again (native/goruntime/resume.h says how), and the function runs as it does after a
// crash of C, on a goroutine of its own. The goroutine that panicked stands still. Its
// deferred calls have been made, so locks that they give up are free.
//
// Go's text on standard error and the exit status stay as they are: main does not exit
// when it returns, another goroutine that panics waits before it has printed anything,
// and so does one that calls os.Exit, but for the function's own. What the others write
// themselves has its effect, and so have signals, exit called by C code, and
// syscall.Exit; a fatal error of Go prints its message, and the goroutine waits then. A
// write to a standard output that nobody reads fails, and does not raise SIGPIPE. A
// goroutine whose system call, or call of C, ends after the panic and before the function
// begins stays where it is, with its locks; the function may wait for it until its time is
// over. A core dump (GOTRACEBACK=crash) shows the goroutines as they are after the
// function.
//
// The function is not called after a panic with GODEBUG=dontfreezetheworld=1, nor in a
// program that was built without optimisations or inlining (-gcflags=all=-N or -l), whose
// runtime is not recognised, nor when another goroutine was about to die at the same time.
func WithOnCrashResume() Option {
	return forCalls(config.CallEnable, "WithOnCrashResume", func(c *config.Config) error {
		c.OnCrashResume = true
		return nil
	})
}
