//go:build linux && (amd64 || arm64) && cgo

package main

import (
	"bufio"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() {
	// Every way to a dump, as lines of JSON.
	add("json_dumps", func(s settings) {
		r, w, err := os.Pipe()
		scenario.Must(err)
		lines := bufio.NewReader(r)
		for _, dump := range []func(...handler.Option) error{
			handler.Dump,
			handler.DumpNative,
			func(opts ...handler.Option) error { return handler.DumpLater(time.Millisecond, opts...) },
			func(opts ...handler.Option) error {
				if err := handler.Register(syscall.SIGUSR1, opts...); err != nil {
					return err
				}
				return syscall.Kill(syscall.Getpid(), syscall.SIGUSR1)
			},
		} {
			done := make(chan error)
			go func() { done <- dump(handler.WithOutput(w), handler.WithFormat(handler.JSON)) }()
			line, err := lines.ReadString('\n')
			scenario.Must(err)
			scenario.Must(<-done)
			fmt.Fprint(os.Stderr, line)
		}
	})
}
