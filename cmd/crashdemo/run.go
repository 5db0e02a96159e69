//go:build linux && cgo

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/cmd/crashdemo/crashes"
	"github.com/epitaph-go/epitaph/handler"
)

const runUsage = `Usage: crashdemo run KIND [flags]

Crashes in the way KIND (see crashdemo list), with Epitaph's report on standard error.
Ends with the signal of the crash, or with status
    1  Epitaph could not be enabled
    2  Go ended the program (with -plain or -chain)
    3  the crash did not end the program: the signal was swallowed
   64  the command line is wrong
   69  this crash cannot be had on this system or in this build

Flags:
`

// runFlags are the switches of run. Those from notify on make trouble on purpose, for tests.
type runFlags struct {
	place     string
	plain     bool
	output    string
	dir       string
	deadline  time.Duration
	chain     bool
	maxFrames int
	cache     string
	noWait    bool
	notify    bool
	ignore    bool
	mask      bool
	pid1      bool
	core      bool

	given map[string]bool // the flags that the command line has, at whatever value
}

func (f *runFlags) register(flags *flag.FlagSet) {
	flags.StringVar(&f.place, "place", "main", "`where` to crash: main, goroutine, cgo, callback or thread")
	flags.BoolVar(&f.plain, "plain", false, "crash without Epitaph")
	flags.StringVar(&f.output, "o", "", "write the report to this `file`")
	flags.StringVar(&f.dir, "dir", "", "write the report to a file of its own in this `directory`")
	flags.DurationVar(&f.deadline, "deadline", 0, "end the report after this `time`, for example 2s")
	flags.BoolVar(&f.chain, "chain", false, "after the report, let Go print its own and exit with status 2")
	flags.IntVar(&f.maxFrames, "max-frames", 0, "show at most this `number` of frames")
	flags.StringVar(&f.cache, "symbol-cache", "", "keep what is read of debug information in this `directory`, for the next run")
	flags.BoolVar(&f.noWait, "nowait", false, "crash at once, while Epitaph still prepares in the background")
	flags.BoolVar(&f.notify, "notify", false, "call signal.Notify for every signal first")
	flags.BoolVar(&f.ignore, "ignore", false, "call signal.Ignore for every signal first")
	flags.BoolVar(&f.mask, "mask", false, "block every signal but the crash's on the thread that crashes")
	flags.BoolVar(&f.pid1, "pid1", false, "crash as PID 1, as in a container; a signal is told as status 128 + its number")
	flags.BoolVar(&f.core, "core", false, "leave a core file if the system's limits allow (otherwise none)")
}

// options are those of handler.Enable that the flags ask for.
func (f *runFlags) options() ([]handler.Option, error) {
	var opts []handler.Option
	if f.given["o"] {
		file, err := os.OpenFile(f.output, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return nil, err
		}
		opts = append(opts, handler.WithOutput(file))
	}
	if f.given["dir"] {
		opts = append(opts, handler.WithDir(f.dir))
	}
	if f.given["symbol-cache"] {
		opts = append(opts, handler.WithSymbolCache(f.cache))
	}
	if f.given["deadline"] {
		opts = append(opts, handler.WithDeadline(f.deadline))
	}
	if f.chain {
		opts = append(opts, handler.WithChain())
	}
	if f.given["max-frames"] {
		opts = append(opts, handler.WithMaxFrames(f.maxFrames))
	}
	return opts, nil
}

func run(args []string) int {
	var f runFlags
	kind, where, status, ok := f.parse(args)
	if !ok {
		return status
	}
	if f.pid1 && os.Getpid() != 1 {
		status, err := runAsPID1()
		if err != nil {
			return fail(err)
		}
		return status
	}
	if err := f.setUp(kind); err != nil {
		return fail(err)
	}
	where.call(kind.Enter())
	fmt.Fprintf(os.Stderr, "crashdemo: still running: %s did not end the program\n", kind.Name)
	return exitWentOn
}

// parse understands the command line of run, which has the kind before the flags or behind them. When there is nothing
// to run it says so, with the status to exit with.
func (f *runFlags) parse(args []string) (kind crashes.Kind, where place, status int, ok bool) {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	f.register(flags)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), runUsage)
		flags.PrintDefaults()
	}
	if status, ok := parse(flags, args); !ok {
		return kind, where, status, false
	}
	name := flags.Arg(0)
	if flags.NArg() > 0 {
		if status, ok := parse(flags, flags.Args()[1:]); !ok {
			return kind, where, status, false
		}
	}
	f.given = map[string]bool{}
	flags.Visit(func(set *flag.Flag) { f.given[set.Name] = true })

	kind, known := crashes.ByName(name)
	where, knownPlace := placeByName(f.place)
	switch {
	case name == "":
		status = complain("run needs a KIND: crashdemo list shows them")
	case !known:
		status = complain("unknown kind %q: crashdemo list shows them", name)
	case !knownPlace:
		status = complain("unknown place %q: crashdemo list shows them", f.place)
	case flags.NArg() > 0:
		status = complain("run takes one KIND, not also %q", flags.Arg(0))
	}
	for _, name := range []string{"o", "dir", "deadline", "chain", "max-frames", "nowait"} {
		if status == exitOK && f.plain && f.given[name] {
			status = complain("-plain means without Epitaph: -%s makes no sense then", name)
		}
	}
	return kind, where, status, status == exitOK
}

// setUp prepares the process for its crash. What takes the signals away (signal.Ignore does) comes after Enable, where
// it does the most harm.
func (f *runFlags) setUp(kind crashes.Kind) error {
	if f.pid1 {
		if err := mountProc(); err != nil {
			return err
		}
	}
	if !f.core {
		none := syscall.Rlimit{}
		if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &none); err != nil {
			return fmt.Errorf("turning core files off: %w", err)
		}
	}
	if !f.plain {
		opts, err := f.options()
		if err != nil {
			return err
		}
		if err := handler.Enable(opts...); err != nil {
			return err
		}
	}
	if err := kind.Prepare(); err != nil {
		return err
	}
	if !f.plain && !f.noWait {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := handler.Ready(ctx); err != nil {
			return err
		}
	}
	if f.notify {
		signal.Notify(make(chan os.Signal, 1))
	}
	if f.ignore {
		signal.Ignore()
	}
	if f.mask {
		maskAllBut(int(kind.Signal))
	}
	return nil
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "crashdemo:", err)
	if errors.Is(err, crashes.ErrUnavailable) {
		return exitUnavailable
	}
	return exitFailure
}

func complain(format string, args ...any) int {
	fmt.Fprintf(os.Stderr, "crashdemo: "+format+"\n", args...)
	return exitUsage
}

// parse parses flags; when there is nothing more to do it says so, with the status to exit with.
func parse(flags *flag.FlagSet, args []string) (status int, goOn bool) {
	for _, arg := range args {
		if arg == "-h" || arg == "-help" || arg == "--help" {
			flags.SetOutput(os.Stdout)
			flags.Usage()
			return exitOK, false
		}
	}
	if err := flags.Parse(args); err != nil {
		return exitUsage, false // Parse has said why
	}
	return exitOK, true
}
