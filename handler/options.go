package handler

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
// says otherwise: often enough to show what led to a crash, at some 0.1 ms of
// work a second for a program of 100 goroutines.
const DefaultSnapshotPeriod = config.DefaultSnapshotPeriod

// DefaultPoll is the period of [WithPoll].
const DefaultPoll = config.DefaultPoll

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
		return nil, errors.New("epitaph: WithOnCrashResume needs WithOnCrash")
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

// WithOutput writes the report to f instead of standard error. [Enable] duplicates its
// descriptor, so f may be closed afterwards.
//
// Panics and fatal errors are reported to f only if it is another file than standard
// error.
//
// If the program closes the duplicate as well, as closefrom does, the report goes to the
// same file by its path, or else to standard error, and says so. What f does not take,
// as on a full disk, goes to standard error. If f cannot be written to when Enable is
// called, Enable returns an error, and reports go to standard error.
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
// core's descriptor of it, or creates it anew, it is opened by its path at the crash.
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

// WithNoFork keeps Epitaph from forking the process after a panic: the report has Go's
// text only, or what [NotePanic] has formatted. It is for programs that must not fork:
// under a seccomp filter that kills for it, or with too much memory for a fork. By
// default the process is forked at the end of the report (see the package
// documentation).
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

// WithIdleThreads shows the stacks of idle threads too: those of Go's scheduler that
// wait for work, and Epitaph's own. By default one line counts them.
func WithIdleThreads() Option {
	return forCalls(config.CallEnable|config.CallDumps, "WithIdleThreads", func(c *config.Config) error {
		c.IdleThreads = true
		return nil
	})
}

// WithNoStandardError leaves out of reports what the crashing thread had written to standard
// error. By default the report of a SIGABRT, SIGILL or SIGTRAP has the end of what it wrote
// within about two seconds before, unless the report is on standard error itself; see docs/limits.md for
// which writes are seen.
func WithNoStandardError() Option {
	return forCalls(config.CallEnable, "WithNoStandardError", func(c *config.Config) error {
		c.StandardErr = false
		return nil
	})
}

// WithMaxThreads sets how many stacks of other threads the report shows. Threads with
// equal stacks count as one; the number of omitted threads is printed. By default all
// are shown.
func WithMaxThreads(n int) Option {
	return forCalls(config.CallEnable|config.CallDumps, "WithMaxThreads", func(c *config.Config) error {
		if n < 1 {
			return fmt.Errorf("epitaph: WithMaxThreads: %d is not positive", n)
		}
		c.MaxThreads = n
		return nil
	})
}

// WithThreadSignal sets the signal with which other threads are interrupted for their
// stacks: a real-time signal from 35 to 64 that the program does not use. [Enable]
// returns an error if something other than Go handles it. By default Epitaph takes the
// highest free one, below the one for its deadlines.
//
// Its handler runs with SA_RESTART, on the thread's alternate signal stack if there is
// one. In a healthy process without dumps it is sent only to threads that have no
// alternate signal stack: those older than Enable, and those of shared libraries without
// package handler/interpose. Each of these gets it once, while it sleeps in a system
// call that is restarted after a signal. A signal of Epitaph's is never pending in a
// program that a thread starts with execve (since Linux 4.14).
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

// WithChain makes the signal have its usual effect as well, after the report or the
// dump.
//
// With [Enable], the handler that was there before Epitaph's is called: on threads where
// Go has something to say it prints its dump of all goroutines and exits with status 2.
// Without WithChain the process dies of the signal, and Go prints nothing. A handler
// that C code installed before Enable is called in either case, since it may repair the
// fault (see [WithHostFirst]).
//
// With [Register], the channels of os/signal get the signal, a C handler is called, and
// a signal that ends the program ends it. Without WithChain only the dump is written.
func WithChain() Option {
	return forCalls(config.CallEnable|config.CallRegister, "WithChain", func(c *config.Config) error {
		c.Chain = true
		return nil
	})
}

// WithHostFirst says whether a handler that C code installed before [Enable] is called
// before the report. If such a handler resolves the fault (it changes the context or the
// memory, or jumps out), nothing is printed. If it does not (it returns, raises the
// signal again, aborts, faults, ends the process, or lets the deadline expire), the
// fault is reported as it was before the handler ran, and the report names the handler.
//
// Without this option those are called first that may resolve the fault: a handler that
// has done so before, one of a library known for it, such as a Java VM, one of C code
// that is linked into the program, one for a fault in code that was generated at run
// time, one of SIGSYS or SIGTRAP that continues behind the trap, and, in a program that
// imports handler/interpose, one for a signal that was sent or raised, but not by abort().
// Others, such as crash reporters (glog, Abseil, Python's faulthandler), are called after
// the report. A fault of Go code goes to Go, but one of memory, other than of a nil
// dereference, goes first to any handler but those.
// With true all are called first: if a handler in a shared library prints and ends the
// process, there may be no report. With false none is, and each fault is reported.
func WithHostFirst(first bool) Option {
	return forCalls(config.CallEnable, "WithHostFirst", func(c *config.Config) error {
		c.HostFirst = config.HostFirstNever
		if first {
			c.HostFirst = config.HostFirstAlways
		}
		return nil
	})
}

// WithTakeover takes a fatal signal back within about a second after another handler has
// replaced Epitaph's. That handler is called after the report. [Taken] says when this
// can happen. Without WithTakeover one line about it is written to standard error or to
// the file of [WithOutput].
//
// Epitaph cannot see which handler the other one calls next. If that is Epitaph's, which
// it found there, the call is recognized, and the process dies after the report.
func WithTakeover() Option {
	return forCalls(config.CallEnable, "WithTakeover", func(c *config.Config) error {
		c.Takeover = true
		return nil
	})
}

// WithSnapshot sets how often a snapshot of the program is taken: the stacks of its
// goroutines, equal ones counted together, and metrics of memory, garbage collector and
// scheduler. The newest one is shown in a report if Go no longer answers, and all go to
// the black box. The default is [DefaultSnapshotPeriod]; 0 turns snapshots off.
//
// The next snapshot is taken no sooner than 100 times the duration of the last one, so
// snapshots take at most 1 % of a core. One takes about 1 µs for each goroutine of the
// highest number that there ever was at one time, and stops the world twice, for about
// 10 µs each.
func WithSnapshot(period time.Duration) Option {
	return forCalls(config.CallEnable, "WithSnapshot", func(c *config.Config) error {
		if period < 0 {
			return fmt.Errorf("epitaph: WithSnapshot: %v is negative", period)
		}
		c.Snapshot = period
		return nil
	})
}

// WithBlackBox keeps the last snapshots, breadcrumbs and annotations, and the crash
// report, in a file of 1.6 MB at path. They outlive a process that ends without a
// report: by SIGKILL or the kernel's OOM killer. [LastRun] and package blackbox read the
// file.
//
// Enable creates the file, mode 0600, or takes over the black box that is there, whose
// content is lost. [Enable] returns an error if the file is something else, another
// user's, a symbolic link, or in use by another process, or if the disk has no room for
// it. A program that was not enabled is then enabled without the box.
//
// If the file is truncated or removed, or its disk fails, the program runs on without
// it, and a crash report says so.
//
// The file records how the program ended: Disable marks a clean end, an exit leaves its
// status and what called it, and a signal that kills leaves its name. Package blackbox
// lists the ends that leave no mark. For that the core stands in front of Go's handlers
// of the signals that may kill (SIGTERM, SIGPIPE, …) and calls them; what they do, and
// what [os/signal.Notify] delivers, does not change.
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
// goroutines; the default is [DefaultPoll], and 0 turns it off. A program with a free P
// does not need it, since another goroutine then answers at once. A program whose Ps are
// all busy does, because the scheduler runs timers before anything else. An idle program
// is not woken at this rate: if a look was on time, the next one follows after 250 ms,
// or after the period if that is longer.
func WithPoll(period time.Duration) Option {
	return forCalls(config.CallEnable, "WithPoll", func(c *config.Config) error {
		if period < 0 {
			return fmt.Errorf("epitaph: WithPoll: %v is negative", period)
		}
		c.Poll = period
		return nil
	})
}
