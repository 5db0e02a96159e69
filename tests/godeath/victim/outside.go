//go:build linux && (amd64 || arm64) && cgo

package main

// #include "victim.h"
import "C"

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

// What the copy of the process is to the rest of the system.
func init() {
	// No close_range, as before Linux 5.9, and a file that a method writes to.
	kinds["outside-files"] = func() {
		f, err := os.Create(set["log"])
		scenario.Must(err)
		C.victim_refuse(unix.SYS_CLOSE_RANGE, C.int(syscall.ENOSYS))
		panic(wrapper{func() error {
			text := []byte("written in the copy\n")
			syscall.RawSyscall(syscall.SYS_WRITE, f.Fd(), uintptr(unsafe.Pointer(&text[0])), uintptr(len(text)))
			return errGone
		}})
	}
	kinds["outside-wait"] = func() {
		C.victim_refuse(unix.SYS_WAIT4, C.int(syscall.EPERM))
		panic(wrapper{func() error {
			for start := time.Now(); time.Since(start) < 20*time.Millisecond; {
			}
			return errGone
		}})
	}
	kinds["outside-memory"] = func() {
		panic(wrapper{func() error {
			path, text := []byte("/proc/self/oom_score_adj\x00"), make([]byte, 16)
			fd, _, _ := syscall.RawSyscall6(syscall.SYS_OPENAT, 1<<64-100, uintptr(unsafe.Pointer(&path[0])), 0, 0, 0, 0)
			n, _, e := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&text[0])), 16)
			if e != 0 {
				return e
			}
			return errors.New("adjusted by " + strings.TrimSpace(string(text[:n])))
		}})
	}
	kinds["outside-crumbs"] = func() {
		panic(wrapper{func() error {
			handler.Breadcrumb("from the copy")
			handler.Annotate("from", "the copy")
			return errGone
		}})
	}
	// A supervisor counts what a victim leaves behind for it.
	kinds["supervise"] = func() {
		scenario.Must(unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		_ = exec.Command("/proc/self/exe", set["kind"], "dir="+set["for"]).Run()
		left := 0
		for {
			var status unix.WaitStatus
			if _, err := unix.Wait4(-1, &status, unix.WALL, nil); err == unix.ECHILD {
				break
			} else if err == nil {
				left++
			}
		}
		os.Stdout.WriteString(strconv.Itoa(left) + " left\n")
		os.Exit(0)
	}
	// So much is resident, but in files: a fork copies no page tables of that.
	kinds["outside-mapped"] = func() {
		resident(9 << 30)
		panic(chain())
	}
	// The kernel hands the peak down to the program that comes after.
	kinds["outside-heir"] = func() {
		if os.Getenv("HEIR") == "" {
			resident(9 << 30)
			scenario.Must(syscall.Exec("/proc/self/exe", os.Args, append(os.Environ(), "HEIR=1")))
		}
		panic(chain())
	}
}

// resident has that many bytes of memory counted as this process's, which are the
// same few over and over.
func resident(size int) {
	const piece = 64 << 20
	fd, err := unix.MemfdCreate("victim", 0)
	scenario.Must(err)
	scenario.Must(unix.Ftruncate(fd, piece))
	for mapped := 0; mapped < size; mapped += piece {
		_, err := unix.Mmap(fd, 0, piece, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE)
		scenario.Must(err)
	}
}
