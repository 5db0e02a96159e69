//go:build linux && amd64 && cgo

package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func init() {
	add("enable", func(s settings) { s.enable() })

	// No descriptor is left when the crash comes.
	add("full_table", func(s settings) {
		s.enable()
		must(unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 80, Max: 80}))
		for {
			if _, err := unix.Dup(0); err == syscall.EMFILE {
				break
			} else {
				must(err)
			}
		}
		s.crash()
	})

	// What daemons and closefrom(3) do, from the setting from on. Only what
	// Go's poller needs is left open, for without it Go ends the program.
	add("close_from", func(s settings) {
		s.enable()
		for fd := s.number("from"); fd < 1024; fd++ {
			target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
			if err == nil && !strings.HasPrefix(target, "anon_inode:") {
				must(unix.Close(fd))
			}
		}
		s.crash()
	})

	// The core's duplicate of descriptor 2 is closed, and its number taken by
	// the file in the setting file. With the setting both, descriptor 2 is too.
	add("reuse", func(s settings) {
		s.enable()
		file, err := os.Create(s["file"])
		must(err)
		var stderr unix.Stat_t
		must(unix.Fstat(2, &stderr))
		taken := 0
		for fd := 3; fd < 1024; fd++ {
			var stat unix.Stat_t
			if unix.Fstat(fd, &stat) == nil && stat.Dev == stderr.Dev && stat.Ino == stderr.Ino {
				must(unix.Dup3(int(file.Fd()), fd, 0))
				taken++
			}
		}
		if taken == 0 {
			must(fmt.Errorf("no duplicate of standard error"))
		}
		if s["both"] != "" {
			must(unix.Dup3(int(file.Fd()), 2, 0))
		}
		s.crash()
	})

	// The directory of the report changes after Enable: it is gone, or
	// read-only; or the umask is an odd one.
	add("dir_gone", func(s settings) {
		s.enable()
		must(os.Remove(s["dir"]))
		s.crash()
	})
	add("dir_read_only", func(s settings) {
		s.enable()
		must(os.Chmod(s["dir"], 0o500))
		s.crash()
	})
	// No file may be larger than the setting bytes.
	add("file_size", func(s settings) {
		s.enable()
		size := uint64(s.number("bytes"))
		must(unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: size}))
		s.crash()
	})
	add("umask", func(s settings) {
		s.enable()
		unix.Umask(s.number("umask"))
		s.crash()
	})
}
