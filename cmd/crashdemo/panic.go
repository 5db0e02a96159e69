//go:build linux && cgo

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/cli"
)

var panicCommand = cli.Command{
	Name:  "panic",
	Short: "die of a panic or a fatal error of Go",
	Help: `A goroutine panics with an error that wraps others, and is not recovered; with
-fatal one unlocks a mutex that is not locked, which cannot be recovered. Go prints
on standard error what it always prints, and ends the program with status 2. Epitaph's
report has the same text, the whole chain of the error, the C stacks of all threads
and the last snapshot of the goroutines. It is printed on standard output afterwards;
with -dir it stays in a file there.
`,
	Setup: func(flags *flag.FlagSet) cli.Action {
		fatal := flags.Bool("fatal", false, "die of a fatal error instead")
		dir := flags.String("dir", "", "write the report to a file of its own in this `directory`")
		return func(_ *cli.Env, args []string) error {
			if err := noArguments(args); err != nil {
				return err
			}
			return onPanic(*fatal, *dir)
		}
	},
}

// onPanic shows a panic or fatal error of Go. What reports it is another process, of the same
// program: nothing may be added to its standard error.
func onPanic(fatal bool, dir string) error {
	if dir == "" {
		status, err := panicInChild(fatal)
		if err != nil {
			return err
		}
		return exit(status)
	}
	if err := handler.Enable(handler.WithDir(dir)); err != nil {
		return err
	}
	if err := handler.Ready(context.Background()); err != nil {
		return err
	}
	go parked()
	go serve(fatal)
	time.Sleep(time.Minute)
	return cli.Status(exitWentOn)
}

// panicInChild lets a child process die, and prints its report.
func panicInChild(fatal bool) (status int, err error) {
	dir, err := os.MkdirTemp("", "crashdemo-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	o, err := runChild(10*time.Second, "panic", "-dir", dir, fmt.Sprintf("-fatal=%t", fatal))
	if err != nil {
		return 0, err
	}
	os.Stderr.Write(o.output.kept)
	if o.hung {
		return 0, errors.New("the child hung")
	}
	reports, err := filepath.Glob(filepath.Join(dir, "*.crash"))
	if err != nil {
		return 0, err
	}
	for _, path := range reports {
		text, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		os.Stdout.Write(text)
	}
	return o.status.ExitStatus(), nil
}

// serve is a request that fails.
//
//go:noinline
func serve(fatal bool) {
	if fatal {
		new(sync.Mutex).Unlock()
	}
	if err := answer("/srv/missing"); err != nil {
		panic(fmt.Errorf("serving a request: %w", err))
	}
}

//go:noinline
func answer(path string) error {
	_, err := os.ReadFile(path)
	return &queryError{"profile", errors.Join(err, fs.ErrClosed)}
}

// A queryError is one whose text does not tell its cause.
type queryError struct {
	name string
	err  error
}

func (e *queryError) Error() string { return "query " + e.name + " failed" }
func (e *queryError) Unwrap() error { return e.err }
