//go:build unix

// Pure does what its arguments say, in their order: it is built without cgo, and
// dies of panics and fatal errors of Go.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

func main() {
	for _, arg := range os.Args[1:] {
		what, path, _ := strings.Cut(arg, "=")
		switch what {
		case "enable":
			enable()
		case "dir":
			enable(handler.WithDir(path))
		case "output":
			f := create(path)
			enable(handler.WithOutput(f))
			f.Close() // Enable has a duplicate
		case "disable":
			fmt.Println("disabled:", handler.Disable())
		case "files":
			files, err := filepath.Glob(filepath.Join(path, "*"))
			fmt.Println("files:", len(files), err)
		case "own": // as a program that knows package debug
			f := create(path)
			debug.SetCrashOutput(f, debug.CrashOptions{})
			f.Close()
		case "panic":
			panic(errors.New("boom"))
		case "nil":
			var p *int
			*p = 1
		case "goroutine":
			go func() { panic("in a goroutine") }()
			select {}
		case "unlock":
			var m sync.Mutex
			m.Unlock()
		case "signal":
			syscall.Kill(os.Getpid(), syscall.SIGQUIT)
			time.Sleep(time.Hour) // not a deadlock, which Go would notice first
		case "deadlock":
			select {}
		default:
			fmt.Println("unknown:", arg)
			os.Exit(1)
		}
	}
}

func enable(opts ...handler.Option) {
	err := handler.Enable(opts...)
	fmt.Println(errors.Is(err, handler.ErrNoNative), handler.Enabled(), err)
}

func create(path string) *os.File {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		panic(err)
	}
	return f
}
