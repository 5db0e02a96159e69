package auto

import (
	"errors"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

// A key is an option that the variable can set. check looks at its value alone;
// option may open files. A nil option is that of a value that changes nothing.
type key struct {
	name   string
	check  func(value string) error
	option func(value string, files *files) (handler.Option, error)
	// call is that of a key which is no option of Enable, but a call after it, and gets the
	// options that are also its own.
	call       func(value string, opts ...handler.Option) error
	deprecated bool
}

// keys are the options of package handler, by their names.
var keys = []key{
	of("blackbox", text, handler.WithBlackBox),
	flag("cgocontext", handler.WithCgoContext),
	of("cgotraceback", strconv.ParseBool, handler.WithCgoTraceback),
	flag("chain", handler.WithChain),
	of("deadline", duration, handler.WithDeadline),
	of("debugdirs", text, func(dir string) handler.Option { return handler.WithDebugDirs(dir) }),
	of("dir", text, handler.WithDir),
	of("format", format, handler.WithFormat),
	flag("goframesonly", handler.WithGoFramesOnly),
	of("hostfirst", boolean, handler.WithHostFirst),
	flag("idlethreads", handler.WithIdleThreads),
	calls("later", duration, handler.DumpLater),
	of("maxframes", number, handler.WithMaxFrames),
	of("maxreports", number, handler.WithMaxReports),
	of("maxthreads", number, handler.WithMaxThreads),
	flag("nofork", handler.WithNoFork),
	flag("nostandarderror", handler.WithNoStandardError),
	flag("onethread", handler.WithOneThread),
	{name: "output", option: openOutput},
	of("poll", duration, handler.WithPoll),
	calls("register", signalNumber, func(s syscall.Signal, opts ...handler.Option) error {
		return handler.Register(s, opts...)
	}),
	of("snapshot", duration, handler.WithSnapshot),
	of("symbolbudget", number, handler.WithSymbolBudget),
	of("symbolcache", text, handler.WithSymbolCache),
	flag("takeover", handler.WithTakeover),
	of("termination", text, termination),
	of("threadsignal", number, func(n int) handler.Option { return handler.WithThreadSignal(syscall.Signal(n)) }),

	// Deprecated, but as good as ever: the same, the other way round.
	unless("allthreads", handler.WithOneThread),
	unless("nativestack", handler.WithGoFramesOnly),
	unless("paniccopy", handler.WithNoFork),
}

func find(name string) *key {
	for i := range keys {
		if keys[i].name == name {
			return &keys[i]
		}
	}
	return nil
}

// of is the key of an option with one argument.
func of[T any](name string, parse func(string) (T, error), option func(T) handler.Option) key {
	return key{
		name: name,
		check: func(value string) error {
			_, err := parse(value)
			return err
		},
		option: func(value string, _ *files) (handler.Option, error) {
			v, err := parse(value)
			if err != nil {
				return nil, err
			}
			return option(v), nil
		},
	}
}

// calls is the key of a function that has one argument before its options.
func calls[T any](name string, parse func(string) (T, error), call func(T, ...handler.Option) error) key {
	return key{
		name: name,
		check: func(value string) error {
			_, err := parse(value)
			return err
		},
		call: func(value string, opts ...handler.Option) error {
			v, err := parse(value)
			if err != nil {
				return err
			}
			return call(v, opts...)
		},
	}
}

// flag is the key of an option without an argument: one that is on or off.
func flag(name string, option func() handler.Option) key { return when(true, name, option) }

// unless is the key of one that is on where the value is false.
func unless(name string, option func() handler.Option) key {
	k := when(false, name, option)
	k.deprecated = true
	return k
}

func when(on bool, name string, option func() handler.Option) key {
	return of(name, boolean, func(value bool) handler.Option {
		if value != on {
			return nil
		}
		return option()
	})
}

func text(value string) (string, error) { return value, nil }

func format(value string) (handler.Format, error) {
	for _, f := range []handler.Format{handler.Text, handler.JSON} {
		if f.String() == value {
			return f, nil
		}
	}
	return 0, errors.New("neither text nor json")
}

// termination takes a path, or whether the usual one is wanted.
func termination(value string) handler.Option {
	if on, err := strconv.ParseBool(value); err == nil && on {
		return handler.WithTermination()
	} else if err == nil {
		return handler.WithTermination("")
	}
	return handler.WithTermination(value)
}

func boolean(value string) (bool, error) {
	b, err := strconv.ParseBool(value)
	if err != nil {
		err = errors.New("neither true (1) nor false (0)")
	}
	return b, err
}

func number(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil {
		err = errors.New("not a number")
	}
	return n, err
}

func duration(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil {
		err = errors.New("not a duration such as 5s or 500ms")
	}
	return d, err
}

// openOutput appends, so that several processes may have the same file.
func openOutput(path string, files *files) (handler.Option, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, errors.Unwrap(err) // the path is said already
	}
	*files = append(*files, f)
	return handler.WithOutput(f), nil
}
