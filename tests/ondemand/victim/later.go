//go:build linux && (amd64 || arm64) && cgo

package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/handler"
)

func init() {
	add("later", func(s settings) {
		enable(s)
		function(s, duration(s, "timeout", 500*time.Millisecond), max(s.Number("loops"), 1))
	})
	add("cancel-nothing", func(settings) {
		handler.CancelDumpLater()
		handler.CancelDumpLater()
	})
	add("replace", replace)
	add("cancel-firing", cancelFiring)
	add("disable", disable)
	add("changing", changing)
	add("stolen", stolen)
}

// function is func of CPython's test.
//
//go:noinline
func function(s settings, timeout time.Duration, loops int) {
	for range loops {
		must(handler.DumpLater(timeout, timer(s)...))
		if s["cancel"] != "" {
			handler.CancelDumpLater()
		}
		time.Sleep(timeout * time.Duration(max(s.Number("factor"), 5)))
		handler.CancelDumpLater()
	}
}

// replace arms the timer again and again before its time: it fires once, after the
// last call's.
func replace(s settings) {
	d := duration(s, "timeout", 300*time.Millisecond)
	for range 10 {
		must(handler.DumpLater(d))
		time.Sleep(d / 10)
	}
	last := time.Now()
	must(handler.DumpLater(d))
	fmt.Println(last.Format(time.RFC3339Nano))
	time.Sleep(3 * d)
}

// cancelFiring cancels a dump that is being written to a pipe without a reader.
func cancelFiring(settings) {
	r, w := fullPipe()
	must(handler.DumpLater(20*time.Millisecond, handler.WithOutput(w), handler.WithDeadline(700*time.Millisecond), handler.WithRepeat()))
	time.Sleep(200 * time.Millisecond)
	began := time.Now()
	handler.CancelDumpLater()
	fmt.Println(time.Since(began))
	emptyPipe(r)
	time.Sleep(200 * time.Millisecond)
	fmt.Println(emptyPipe(r))
}

// pipes keeps them open.
var pipes []*os.File

func fullPipe() (r, w *os.File) {
	r, w, err := os.Pipe()
	must(err)
	pipes = append(pipes, r, w)
	fd := int(w.Fd())
	must(unix.SetNonblock(fd, true))
	for {
		if _, err := unix.Write(fd, make([]byte, 4096)); err == unix.EAGAIN {
			return r, w
		}
	}
}

// emptyPipe reads what there is, and tells how much that was.
func emptyPipe(r *os.File) (n int) {
	fd := int(r.Fd())
	must(unix.SetNonblock(fd, true))
	buf := make([]byte, 1<<16)
	for {
		m, err := unix.Read(fd, buf)
		if err == unix.EAGAIN {
			return n
		}
		must(err)
		n += m
	}
}

// disable turns Epitaph off while a timer is armed, which then still fires.
func disable(s settings) {
	must(handler.Enable())
	must(handler.DumpLater(300 * time.Millisecond))
	fmt.Println(handler.Disable(), handler.Enabled())
	time.Sleep(time.Second)
	fmt.Println(handler.Disable(), handler.Enabled())
}

// changing has a goroutine more at each look.
func changing(s settings) {
	must(handler.DumpLater(100*time.Millisecond, handler.WithRepeat()))
	for began := time.Now(); time.Since(began) < duration(s, "for", 2*time.Second); {
		go func() { select {} }()
		time.Sleep(10 * time.Millisecond)
	}
	handler.CancelDumpLater()
}

// stolen has a timer whose descriptor is closed by the program, and its number taken
// by another file.
func stolen(s settings) {
	f, err := os.Create(s["file"])
	must(err)
	other, err := os.Create(s["other"])
	must(err)
	must(handler.DumpLater(300*time.Millisecond, handler.WithOutput(f)))
	found := 0
	for fd := 3; fd < 200; fd++ {
		if path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); err == nil && path == s["file"] && fd != int(f.Fd()) {
			must(unix.Dup3(int(other.Fd()), fd, unix.O_CLOEXEC))
			found++
		}
	}
	fmt.Println(found)
	time.Sleep(time.Second)
}
