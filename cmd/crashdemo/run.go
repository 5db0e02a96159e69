//go:build linux && cgo

package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/cmd/crashdemo/crashes"
	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/cli"
)

var runCommand = cli.Command{
	Name: "run", Args: "KIND",
	Short: "crash in this way",
	Help: `Crashes in the way KIND (see crashdemo list), with Epitaph's report on standard
error. Ends with the signal of the crash, or with status
   1  Epitaph could not be enabled
   2  Go ended the program (with -plain or -chain)
   3  the crash did not end the program: the signal was swallowed
  64  the command line is wrong
  69  this crash cannot be had on this system or in this build
`,
	Setup: setUpRun,
}

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
	flags.BoolVar(&f.pid1, "pid1", false, "crash as PID 1, as in a container; a signal shows as status 128 + its number")
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

func setUpRun(flags *flag.FlagSet) cli.Action {
	var f runFlags
	f.register(flags)
	return func(_ *cli.Env, args []string) error {
		f.given = map[string]bool{}
		flags.Visit(func(set *flag.Flag) { f.given[set.Name] = true })
		return run(&f, args)
	}
}

func run(f *runFlags, args []string) error {
	kind, where, err := f.check(args)
	if err != nil {
		return err
	}
	if f.pid1 && os.Getpid() != 1 {
		status, err := runAsPID1()
		if err != nil {
			return err
		}
		return exit(status)
	}
	if err := f.setUp(kind); err != nil {
		return err
	}
	where.call(kind.Enter())
	fmt.Fprintf(os.Stderr, "crashdemo: still running: %s did not end the program\n", kind.Name)
	return cli.Status(exitWentOn)
}

// exit is the error that makes an exit status.
func exit(status int) error {
	if status == 0 {
		return nil
	}
	return cli.Status(status)
}

// check finds what to run, and whether the flags go together.
func (f *runFlags) check(args []string) (kind crashes.Kind, where place, err error) {
	if len(args) == 0 {
		return kind, where, cli.Usage("no KIND: crashdemo list shows them")
	}
	kind, known := crashes.ByName(args[0])
	where, knownPlace := placeByName(f.place)
	switch {
	case crashes.Missing(args[0]) != "":
		return kind, where, fmt.Errorf("%s: %s: %w", args[0], crashes.Missing(args[0]), crashes.ErrUnavailable)
	case !known:
		var names []string
		for _, k := range crashes.All() {
			names = append(names, k.Name)
		}
		return kind, where, cli.Unknown("kind", args[0], names)
	case !knownPlace:
		var names []string
		for _, p := range places() {
			names = append(names, p.name)
		}
		return kind, where, cli.Unknown("place", f.place, names)
	case len(args) > 1:
		return kind, where, cli.Usage("one KIND is wanted, not also %q", args[1])
	}
	for _, name := range []string{"o", "dir", "deadline", "chain", "max-frames", "nowait"} {
		if f.plain && f.given[name] {
			return kind, where, cli.Usage("-plain means without Epitaph: it does not go with -%s", name)
		}
	}
	return kind, where, nil
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
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
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
