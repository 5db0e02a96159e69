//go:build linux && (amd64 || arm64) && cgo

package main

import (
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() {
	// A daemon locks its log, which is the output too.
	scenarios["record_lock"] = func(s settings) {
		f, err := os.CreateTemp("", "lock")
		scenario.Must(err)
		defer os.Remove(f.Name())
		lock := unix.Flock_t{Type: unix.F_WRLCK, Len: 1}
		scenario.Must(unix.FcntlFlock(f.Fd(), unix.F_SETLK, &lock))
		look := func(when string) {
			out, err := exec.Command(os.Args[0], "look_at_lock", "file="+f.Name()).CombinedOutput()
			if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 3 {
				scenario.Must(err)
			}
			scenario.Say("%s: %s", when, out)
		}
		to := handler.WithOutput(f)
		look("before")
		steps := []struct {
			name string
			do   func() error
		}{
			{"Enable", func() error { return handler.Enable(to) }},
			{"Enable again", func() error { return handler.Enable(to) }},
			{"Register", func() error { return handler.Register(syscall.SIGUSR1, to) }},
			{"Register again", func() error { return handler.Register(syscall.SIGUSR1, to) }},
			{"Unregister", func() error { handler.Unregister(syscall.SIGUSR1); return nil }},
			{"DumpLater", func() error { return handler.DumpLater(time.Hour, to) }},
			{"CancelDumpLater", func() error { handler.CancelDumpLater(); return nil }},
			{"Dump", func() error { return handler.Dump(to) }},
			{"Disable", func() error { handler.Disable(); return nil }},
		}
		for _, step := range steps {
			scenario.Must(step.do())
			look(step.name)
		}
		n, err := f.Seek(0, io.SeekEnd)
		scenario.Must(err)
		scenario.Say("the dump is there: %v", n > 0)
	}

	scenarios["look_at_lock"] = func(s settings) {
		f, err := os.OpenFile(s["file"], os.O_RDWR, 0)
		scenario.Must(err)
		lock := unix.Flock_t{Type: unix.F_WRLCK, Len: 1}
		scenario.Must(unix.FcntlFlock(f.Fd(), unix.F_GETLK, &lock))
		os.Stdout.WriteString(map[bool]string{false: "locked", true: "NOT locked"}[lock.Type == unix.F_UNLCK])
	}
}
