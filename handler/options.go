package handler

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// An Option changes what a function of this package does: [Enable], [Dump],
// [DumpNative], [DumpLater], [NewWatchdog] or [Register]. Each option says which
// of them it is for. Bad values, and options that the call does not take, are errors of
// the call, which name the option.
//
// An option that is on or off has no argument, and its name says what is other than
// usual with it.
type Option func(*config.Config) error

// forCalls is an option that other calls than these refuse.
func forCalls(calls config.Call, name string, set func(*config.Config) error) Option {
	return func(c *config.Config) error {
		if c.Call&calls == 0 {
			return fmt.Errorf("epitaph: %s does not take %s", c.Call, name)
		}
		return set(c)
	}
}

// DefaultDeadline is the time from the fault to the end of the process that is
// never exceeded, unless [WithDeadline] sets another.
const DefaultDeadline = config.DefaultDeadline

// MaxDeadline is the longest that [WithDeadline] takes: a process that has crashed and is
// still there after that is one that hangs.
const MaxDeadline = config.MaxDeadline

// MaxFrames is how many frames of a stack are kept, and the most that [WithMaxFrames]
// takes.
const MaxFrames = config.MaxFrames

// DefaultSnapshotPeriod is how often a snapshot is taken, unless [WithSnapshot]
// says otherwise: often enough to tell what led to a crash, and some 0.1 ms of
// work a second for a program of 100 goroutines.
const DefaultSnapshotPeriod = config.DefaultSnapshotPeriod

// DefaultPoll is the period of [WithPoll].
const DefaultPoll = config.DefaultPoll

// DefaultSymbolBudget is how much memory the symbols of C code may take, unless
// [WithSymbolBudget] says otherwise: those of a gigabyte of DWARF.
const DefaultSymbolBudget = config.DefaultSymbolBudget

func newConfig(call config.Call, opts []Option) (*config.Config, error) {
	c := config.Default(call)
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("epitaph: an Option is nil")
		}
		if err := opt(c); err != nil {
			return nil, err
		}
	}
	if c.OnCrashResume && c.OnCrash == nil {
		return nil, errors.New("epitaph: WithOnCrashResume makes sense only with WithOnCrash")
	}
	if c.Output == os.Stderr { // which may be closed; WithOutput has looked at others
		if err := engine.CheckOutput(c.Output); err != nil {
			return nil, fmt.Errorf("epitaph: %s: %w", call, err)
		}
	}
	return c, nil
}

// refuse makes the error of a place that cannot be used one of the call: of Enable when it
// has done what it can without it, of others at once.
func refuse(c *config.Config, err error) error {
	if c.Call != config.CallEnable {
		return err
	}
	c.Refused = append(c.Refused, err)
	return nil
}

// WithOutput writes the report to f instead of standard error. Enable keeps a
// duplicate of its descriptor, so f may be closed afterwards.
//
// Deaths of Go's own are reported to f only if it is not the file that standard
// error is.
//
// If the program closes that duplicate as well (closefrom does), or its number becomes
// another file, the report goes to the same file by its path, or else to standard error,
// and says so. What f does not take, as on a full disk, is on standard error. If f cannot
// be written to when Enable is called, that is its error, and reports go to standard
// error.
func WithOutput(f *os.File) Option {
	return forCalls(config.CallAny, "WithOutput", func(c *config.Config) error {
		if f == nil {
			return errors.New("epitaph: WithOutput: the file is nil")
		}
		if err := engine.CheckOutput(f); err != nil {
			return refuse(c, fmt.Errorf("epitaph: WithOutput: %w", err))
		}
		c.Output = f
		return nil
	})
}

// WithDir writes the report to a new file in the directory at path, named
// <program>-<host>-<pid>-<time>.crash. Standard error (or the file of [WithOutput]) gets a
// short report: what crashed and why, the current stack, at most 12 frames and the last 4, and
// where the file is. Nothing is added there to what Go prints of a panic or fatal error.
// The file is created at the crash, with mode 0600, never through a symbolic link; a run that
// does not crash leaves none. If it cannot be created, the report goes where it would go
// without WithDir; what a full disk does not take goes there too. (Without the C core it
// is created by Enable, and a run that does not crash leaves an empty one, unless it
// calls [Disable].)
//
// The directory must exist and be writable when Enable is called; otherwise that is its
// error, and reports go where they would go without WithDir. If the program closes the
// core's descriptor of it, or makes it anew, it is opened by its path at the crash.
func WithDir(path string) Option {
	return forCalls(config.CallEnable, "WithDir", func(c *config.Config) error {
		if path == "" {
			return errors.New("epitaph: WithDir: the path is empty")
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return fmt.Errorf("epitaph: WithDir: %w", err)
		}
		if err := engine.CheckDir(abs); err != nil {
			return refuse(c, fmt.Errorf("epitaph: WithDir: %w", err))
		}
		c.Dir = abs
		return nil
	})
}

// WithDeadline sets the time from the fault to the end of the process, however
// slow or stuck the output, the report or another handler is. A report that is
// not finished by then is cut. Of a dump it is the time for its text. The default is
// [DefaultDeadline]; more than [MaxDeadline] is an error.
func WithDeadline(d time.Duration) Option {
	return forCalls(config.CallAny, "WithDeadline", func(c *config.Config) error {
		if d <= 0 {
			return fmt.Errorf("epitaph: WithDeadline: %v is not positive", d)
		}
		if d > MaxDeadline {
			return fmt.Errorf("epitaph: WithDeadline: %v is more than %v", d, MaxDeadline)
		}
		c.Deadline = d
		return nil
	})
}

// WithMaxFrames sets how many frames of a stack the report shows; of a longer
// one both ends are shown, and what was left out is counted. Recursion is
// collapsed before that. The default is as many as are kept, [MaxFrames]; more is an error.
func WithMaxFrames(n int) Option {
	return forCalls(config.CallAny, "WithMaxFrames", func(c *config.Config) error {
		if n < 1 {
			return fmt.Errorf("epitaph: WithMaxFrames: %d is not positive", n)
		}
		if n > MaxFrames {
			return fmt.Errorf("epitaph: WithMaxFrames: %d is more than the %d that are kept", n, MaxFrames)
		}
		c.MaxFrames = n
		return nil
	})
}

// WithSymbolBudget sets how many bytes the symbols may take that are kept of the
// program and its libraries, so that frames of C code have functions, files and lines.
// Of a module that there is no room for, inlined calls are left out first, which take
// two thirds, then lines, then names. With 0 none are kept: exported functions have
// their names all the same. It counts for modules that are read after the call. A
// module's line in a report tells what there was no room for.
func WithSymbolBudget(n int) Option {
	return forCalls(config.CallEnable, "WithSymbolBudget", func(c *config.Config) error {
		if n < 0 {
			return fmt.Errorf("epitaph: WithSymbolBudget: %d is negative", n)
		}
		c.SymbolBudget = n
		return nil
	})
}

// WithDebugDirs names directories of separate debug files, which are searched before
// /usr/lib/debug: for .build-id/xx/yyyy.debug by a module's build-id, or for the name
// in its debug link. A file of another build is not read. What "epitaph index" has made
// is looked for there too, as .build-id/xx/yyyy.episym or NAME.episym.
func WithDebugDirs(dirs ...string) Option {
	return forCalls(config.CallEnable, "WithDebugDirs", func(c *config.Config) error {
		for _, dir := range dirs {
			if !filepath.IsAbs(dir) {
				return fmt.Errorf("epitaph: WithDebugDirs: %q is not an absolute path", dir)
			}
		}
		c.DebugDirs = slices.Clone(dirs)
		return nil
	})
}

// WithSymbolCache names a directory for what is read of the program's debug information,
// so that the next start of the same build reads 6 % of that much, in one go: for large
// programs that start often. It has to be the user's own, with mode 0700, since the
// files in it are believed; a file that is damaged or of another build is not used. There is
// one file for each build of the program and of each library, with mode 0600; nobody
// removes old ones. Without it nothing is written.
func WithSymbolCache(dir string) Option {
	return forCalls(config.CallEnable, "WithSymbolCache", func(c *config.Config) error {
		if !filepath.IsAbs(dir) {
			return fmt.Errorf("epitaph: WithSymbolCache: %q is not an absolute path", dir)
		}
		if err := engine.CheckCache(dir); err != nil {
			return fmt.Errorf("epitaph: WithSymbolCache: %w", err)
		}
		c.SymbolCache = dir
		return nil
	})
}

// WithCgoTraceback says whether Go itself shall know of C's frames, by
// [runtime.SetCgoTraceback]: with functions, files and lines in CPU profiles, below the
// Go functions that called C, and in the stack that Go prints of a thread that was in C.
// It does by default. A sample of a profile takes some microseconds more; calls of C
// and from C take no longer.
//
// Go takes one provider of such frames in the life of a process. Epitaph waits until all
// packages are initialized, and leaves one that is there then in its place. A program
// that calls SetCgoTraceback in main, behind [Enable], panics there; so it asks for
// false.
func WithCgoTraceback(on bool) Option {
	return forCalls(config.CallEnable, "WithCgoTraceback", func(c *config.Config) error {
		c.CgoTraceback = on
		return nil
	})
}

// WithCgoContext has Go know of the C frames behind a call from C to Go too: in the
// stacks of goroutines that C has called, of [runtime.Stack], of profiles. Each such
// call takes some 6 ns longer, and a [runtime.Callers] in it a microsecond. A program
// that panics in such a call shows no C frames in Go's text, which has forgotten them by
// then; Epitaph's own reports show them in any case.
func WithCgoContext() Option {
	return forCalls(config.CallEnable, "WithCgoContext", func(c *config.Config) error {
		c.CgoContext = true
		return nil
	})
}

// WithNoFork keeps the core from making a copy of the process, by fork, when Go dies of
// a panic: the report has Go's text of it alone, or what [NotePanic] has noted. It is
// for programs that must not fork: where a seccomp filter kills for it, or a fork of all
// their memory is not to be afforded. By default the copy is made, as the last thing
// before the report's end; see the package's comment.
func WithNoFork() Option {
	return forCalls(config.CallEnable, "WithNoFork", func(c *config.Config) error {
		c.Fork = false
		return nil
	})
}

// WithGoFramesOnly leaves the C frames out of the stacks, as
// faulthandler.enable(c_stack=False) does.
func WithGoFramesOnly() Option {
	return forCalls(config.CallEnable|config.CallDumps, "WithGoFramesOnly", func(c *config.Config) error {
		c.NativeStack = false
		return nil
	})
}

// WithOneThread leaves the other threads out of the report, as
// faulthandler.enable(all_threads=False) does: it shows the thread that crashed, or that
// was asked for a dump.
func WithOneThread() Option {
	return forCalls(config.CallEnable|config.CallDump|config.CallRegister, "WithOneThread", func(c *config.Config) error {
		c.AllThreads = false
		return nil
	})
}

// WithIdleThreads shows the stacks of the threads that wait for work too: those of Go's
// scheduler that are idle, and Epitaph's own. By default the report has one line that
// counts them.
func WithIdleThreads() Option {
	return forCalls(config.CallEnable|config.CallDumps, "WithIdleThreads", func(c *config.Config) error {
		c.IdleThreads = true
		return nil
	})
}

// WithMaxThreads sets how many stacks of other threads the report shows.
// Threads with equal stacks count as one; how many threads were left out is
// told. The default is all of them.
func WithMaxThreads(n int) Option {
	return forCalls(config.CallEnable|config.CallDumps, "WithMaxThreads", func(c *config.Config) error {
		if n < 1 {
			return fmt.Errorf("epitaph: WithMaxThreads: %d is not positive", n)
		}
		c.MaxThreads = n
		return nil
	})
}

// WithThreadSignal sets the signal that asks the other threads for their
// stacks: a real-time signal from 35 to 64 that the program does not use.
// Enable returns an error if something other than Go handles it. By default
// Epitaph takes the highest that is free, below the one for its deadlines.
//
// The signal's handler runs on every thread now and then, with SA_RESTART, on
// the thread's alternate signal stack if it has one.
func WithThreadSignal(sig syscall.Signal) Option {
	return forCalls(config.CallEnable, "WithThreadSignal", func(c *config.Config) error {
		if sig < leastThreadSignal || sig > mostThreadSignal {
			return fmt.Errorf("epitaph: WithThreadSignal: %d is not from %d to %d", int(sig), leastThreadSignal, mostThreadSignal)
		}
		c.ThreadSignal = int(sig)
		return nil
	})
}

// As struct epi_config has it; this file is for all platforms.
const (
	leastThreadSignal syscall.Signal = 35
	mostThreadSignal  syscall.Signal = 64
)

// WithChain has what happens without Epitaph happen as well, once the report or the dump
// is written: the handler that was there before Epitaph's is called.
//
// With [Enable], that is Go's, on threads where it has something to say: it prints its
// dump of all goroutines and exits with status 2. Without WithChain the process dies of
// the signal, and Go prints nothing. A handler that C code had installed before Enable is
// called in either case, since it may repair the fault (see [WithHostFirst]).
//
// With [Register], os/signal's channels get the signal, a C handler is called, and
// what ends the program ends it. Without WithChain nothing but the dump happens.
func WithChain() Option {
	return forCalls(config.CallEnable|config.CallRegister, "WithChain", func(c *config.Config) error {
		c.Chain = true
		return nil
	})
}

// WithHostFirst says whether a handler that C code had installed before [Enable] is asked
// about a fault before it is reported. Of a fault that such a handler resolves (it
// changes the context or the memory, or jumps out) nothing is printed then. One that it does
// not resolve is reported as it was before the handler ran, and the report names
// the handler, as soon as it returns, raises the signal again, aborts, faults, or ends the
// process; or, at the deadline, if it does none of these.
//
// Without this option those go first that resolve faults: one that has done so before; one
// of a library that is known for it, such as a Java VM's; one of C code that is linked into the
// program, where all its ways to give up are seen, but for a system call that it makes
// itself; one for faults in code that was made at run time; and one of SIGSYS or SIGTRAP, which
// goes on behind what trapped. Others are called
// after the report, as reporters of crashes are (glog, Abseil, Python's faulthandler).
// True has all go first: of a fault whose handler, in a shared library, prints and ends the
// process, there may be no report. False has none go first: each fault is reported.
func WithHostFirst(first bool) Option {
	return forCalls(config.CallEnable, "WithHostFirst", func(c *config.Config) error {
		c.HostFirst = config.HostFirstNever
		if first {
			c.HostFirst = config.HostFirstAlways
		}
		return nil
	})
}

// WithTakeover takes a fatal signal back when somebody has put a handler of his own in the
// place of Epitaph's, within a second or so; his is called after the report. [Taken] says
// when that can happen. Without WithTakeover there is one line about it on standard error, or
// in the file of [WithOutput].
//
// Epitaph cannot see what the other handler takes for its next: if that is Epitaph's, which
// it has found there, the two are told apart, and the process dies after the report.
func WithTakeover() Option {
	return forCalls(config.CallEnable, "WithTakeover", func(c *config.Config) error {
		c.Takeover = true
		return nil
	})
}

// WithSnapshot sets how often a snapshot of the program is taken: the stacks of
// its goroutines, equal ones counted together, and figures of memory, garbage
// collector and scheduler. The newest one shows the goroutines in a report when
// Go does not answer any more, and all go to the black box. Zero means never.
// The default is [DefaultSnapshotPeriod].
//
// However short the period, the next snapshot comes no sooner than 100 times
// what the last one took: snapshots take at most 1 % of a core. One takes some
// 1 µs for each goroutine that there ever was at one time, since the runtime keeps
// and looks at what they leave behind, and stops the world twice, for some 10 µs
// each.
func WithSnapshot(period time.Duration) Option {
	return forCalls(config.CallEnable, "WithSnapshot", func(c *config.Config) error {
		if period < 0 {
			return fmt.Errorf("epitaph: WithSnapshot: %v is negative", period)
		}
		c.Snapshot = period
		return nil
	})
}

// WithBlackBox keeps the last snapshots, the breadcrumbs and annotations, and
// the crash report in a file of 1.6 MB at path, where they outlive a process
// that nothing can report any more: one ended by SIGKILL or the kernel's OOM
// killer. [LastRun] and package blackbox read it.
//
// Enable makes the file, mode 0600, or takes over a black box that is there;
// what it holds of the run before is gone then. It is an error of Enable, which
// says which, when the file is something else, another user's, a symbolic link,
// or in use by another process, and when the disk has no room for all of it. A program
// that was not enabled before has reports then, without the box.
//
// When somebody truncates or removes the file, or its disk fails, the program
// goes on without it, and a crash report says so.
//
// The file says how the program ended: [Disable] marks the end as a clean one, an exit
// leaves who called what, with what status, and a signal that kills its name; package
// blackbox says which ends leave nothing. For that the core stands in front of Go's
// handlers of the signals that may kill (SIGTERM, SIGPIPE, …), as long as there is a box,
// and calls them: what they do does not change, nor what signal.Notify sends.
func WithBlackBox(path string) Option {
	return forCalls(config.CallEnable, "WithBlackBox", func(c *config.Config) error {
		if path == "" {
			return errors.New("epitaph: WithBlackBox: the path is empty")
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return fmt.Errorf("epitaph: WithBlackBox: %w", err)
		}
		c.BlackBox = abs
		return nil
	})
}

// WithPoll sets how often a goroutine looks whether a crash asks for the live
// goroutines, [DefaultPoll] unless set; 0 turns that off. A second goroutine
// answers such a question at once when the scheduler has a free P (there are
// GOMAXPROCS of them; a thread needs one to run Go code), so a program
// that is idle needs no poll. One whose Ps are all busy does: a timer is what
// the scheduler looks at first. So that an idle program does not pay for it, a
// look that was not late is followed by the next one after 250 ms, or after the
// period if that is longer; only one that was late, after the period.
func WithPoll(period time.Duration) Option {
	return forCalls(config.CallEnable, "WithPoll", func(c *config.Config) error {
		if period < 0 {
			return fmt.Errorf("epitaph: WithPoll: %v is negative", period)
		}
		c.Poll = period
		return nil
	})
}

// WithInterrupt asks threads for their stacks that wait in a system call which a
// signal ends for good, too: it fails with EINTR then, which the program must be
// ready for (package documentation). Without it these threads are looked at from
// outside: the stack ends where that is not enough to go on, and says so.
func WithInterrupt() Option {
	return forCalls(config.CallDumps, "WithInterrupt", func(c *config.Config) error {
		c.Interrupt = true
		return nil
	})
}

// WithRepeat makes [DumpLater] dump periodically, not once; the times do not
// drift, and one that is missed is left out. A [Watchdog] with it dumps every so
// often for as long as no beat comes.
//
// While nothing changes (the threads and the goroutines are where they were, and
// no others have come) dumps are left out: the first one, then three, then seven,
// and so on, between two that are written. A note in the dump says how many.
func WithRepeat() Option {
	return forCalls(config.CallDumpLater|config.CallWatchdog, "WithRepeat", func(c *config.Config) error {
		c.Repeat = true
		return nil
	})
}

// WithExit ends the process after the dump, with status 1 and without clean-up:
// no deferred function runs, no handler of atexit, and no buffer is flushed. It
// ends also when the dump fails, or takes longer than its deadline. All threads are
// asked, as with [WithInterrupt]. Where the
// process crashes at that time it dies of the crash.
func WithExit() Option {
	return forCalls(config.CallDumpLater|config.CallWatchdog, "WithExit", func(c *config.Config) error {
		c.Exit = true
		return nil
	})
}
