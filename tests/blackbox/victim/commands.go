//go:build linux && (amd64 || arm64) && cgo

package main

// #include "victim.h"
import "C"

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func number(arg string) int {
	n, err := strconv.Atoi(arg)
	scenario.Must(err)
	return n
}

// crumb is a breadcrumb that shows whether it is whole: the same number all over.
func crumb(n int) string { return strings.Repeat(fmt.Sprintf("%08d ", n), 24) }

//go:noinline
func waiting(c chan int) { <-c }

func crumbFromC(text string) {
	c := C.CString(text)
	defer C.free(unsafe.Pointer(c))
	C.epi_breadcrumb(c)
}

// reused is the descriptor that the command reuse has taken; kept are files that
// stay open.
var (
	reused int
	kept   []*os.File
)

func init() {
	commands["crumbs"] = func(arg string) {
		for range number(arg) {
			handler.Breadcrumb("from Go")
			crumbFromC("from C")
		}
	}
	commands["crumb"] = handler.Breadcrumb
	commands["annotate"] = func(arg string) {
		key, value, _ := strings.Cut(arg, "=")
		handler.Annotate(key, value)
	}
	// Writers that never end: one notes the time it is, others all they can.
	commands["write"] = func(string) {
		go func() {
			for range time.Tick(2 * time.Millisecond) {
				handler.Breadcrumb("tick")
			}
		}()
		go func() {
			for n := 0; ; n++ {
				handler.Annotate("number", crumb(n))
				time.Sleep(100 * time.Microsecond)
			}
		}()
		go func() {
			for n := 0; ; n++ {
				handler.Breadcrumb(crumb(n))
				time.Sleep(100 * time.Microsecond)
			}
		}()
		C.victim_write_crumbs()
	}
	// Breadcrumbs as fast as it goes, from several threads.
	commands["storm"] = func(arg string) {
		for range number(arg) {
			go func() {
				for n := 0; ; n++ {
					handler.Breadcrumb(crumb(n))
				}
			}()
		}
	}
	commands["goroutines"] = func(arg string) {
		for range number(arg) {
			go waiting(make(chan int))
		}
	}
	// Memory of C, touched, as far as the argument says (in MiB).
	commands["grow"] = func(arg string) {
		for range number(arg) / 4 {
			C.victim_grow(4 << 20)
			time.Sleep(50 * time.Millisecond)
		}
	}
	commands["sleep"] = func(arg string) {
		d, err := time.ParseDuration(arg)
		scenario.Must(err)
		time.Sleep(d)
	}
	commands["crash"] = func(string) { C.victim_crash() }
	commands["crash_thread"] = func(string) { C.victim_crash_thread() }
	commands["crash_vfork"] = func(string) {
		status := syscall.WaitStatus(C.victim_crash_vfork())
		fmt.Printf("child: signal %d\n", status.Signal())
	}
	commands["crash_blocked"] = func(string) { C.victim_crash_blocked() }
	commands["disable"] = func(string) { handler.Disable() }
	commands["enable"] = func(arg string) {
		path, period, _ := strings.Cut(arg, " ")
		if err := handler.Enable(options(path, period)...); err != nil {
			fmt.Println(err)
		}
	}
	commands["exit"] = func(string) { os.Exit(0) }
	// A child that writes breadcrumbs, and crashes if the argument says so.
	commands["fork"] = func(arg string) {
		how := C.int(0)
		if strings.Contains(arg, "plain") {
			how |= C.VICTIM_PLAIN_CALL
		}
		if strings.Contains(arg, "crash") {
			how |= C.VICTIM_CRASH
		}
		if strings.Contains(arg, "reset") {
			how |= C.VICTIM_RESET
		}
		status := syscall.WaitStatus(C.victim_fork(how))
		fmt.Printf("child: signal %d, exit status %d\n", status.Signal(), status.ExitStatus())
	}
	commands["last"] = func(path string) {
		last, err := handler.LastRun(path)
		if err != nil {
			fmt.Println(err)
			return
		}
		last.WriteTo(os.Stdout)
	}
	// Standard error, a pipe, is filled.
	commands["stop_reading"] = func(string) {
		scenario.Must(syscall.SetNonblock(2, true))
		for err := error(nil); err == nil; {
			_, err = syscall.Write(2, make([]byte, 64))
		}
		scenario.Must(syscall.SetNonblock(2, false))
	}
	// Every descriptor of the box becomes another file.
	commands["reuse"] = func(arg string) {
		box, other, _ := strings.Cut(arg, " ")
		file, err := os.Create(other)
		scenario.Must(err)
		taken := 0
		for fd := 3; fd < 256; fd++ {
			if target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); err == nil && target == box {
				scenario.Must(syscall.Dup3(int(file.Fd()), fd, 0))
				reused = fd
				taken++
			}
		}
		fmt.Println("taken", taken)
	}
	commands["fork_has_reused"] = func(string) { fmt.Println(C.victim_fork_has(C.int(reused)) != 0) }
	// New files, in the descriptors that are free.
	commands["files"] = func(dir string) {
		for range 60 {
			file, err := os.CreateTemp(dir, "")
			scenario.Must(err)
			kept = append(kept, file)
		}
	}
	// How many descriptors of a file there are.
	commands["descriptors"] = func(path string) {
		count := 0
		for fd := range 256 {
			if target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); err == nil && target == path {
				count++
			}
		}
		fmt.Println(count)
	}
	// A call of Enable that fails: another handler has the signal.
	commands["enable_in_vain"] = func(path string) {
		C.victim_take_signal(50)
		fmt.Println(handler.Enable(append(options(path, "20ms"), handler.WithThreadSignal(50))...))
	}
}
