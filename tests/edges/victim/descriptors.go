//go:build linux && (amd64 || arm64) && cgo

package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() {
	add("enable", func(s settings) { s.Enable() })

	// No descriptor is left when the crash comes.
	add("full_table", func(s settings) {
		s.Enable()
		scenario.Must(unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 80, Max: 80}))
		for {
			if _, err := unix.Dup(0); err == syscall.EMFILE {
				break
			} else {
				scenario.Must(err)
			}
		}
		crash(s)
	})

	// What daemons and closefrom(3) do, from the setting from on. Only what
	// Go's poller needs is left open, for without it Go ends the program.
	add("close_from", func(s settings) {
		s.Enable()
		for fd := s.Number("from"); fd < 1024; fd++ {
			target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
			if err == nil && !strings.HasPrefix(target, "anon_inode:") {
				scenario.Must(unix.Close(fd))
			}
		}
		crash(s)
	})

	// The core's duplicate of descriptor 2 is closed, and its number taken by
	// the file in the setting file. With the setting both, descriptor 2 is too.
	add("reuse", func(s settings) {
		s.Enable()
		file, err := os.Create(s["file"])
		scenario.Must(err)
		var stderr unix.Stat_t
		scenario.Must(unix.Fstat(2, &stderr))
		taken := 0
		for fd := 3; fd < 1024; fd++ {
			var stat unix.Stat_t
			if unix.Fstat(fd, &stat) == nil && stat.Dev == stderr.Dev && stat.Ino == stderr.Ino {
				scenario.Must(unix.Dup3(int(file.Fd()), fd, 0))
				taken++
			}
		}
		if taken == 0 {
			scenario.Must(fmt.Errorf("no duplicate of standard error"))
		}
		if s["both"] != "" {
			scenario.Must(unix.Dup3(int(file.Fd()), 2, 0))
		}
		crash(s)
	})

	// The directory of the report changes after Enable: it is gone, or
	// read-only; or the umask is an odd one.
	add("dir_gone", func(s settings) {
		s.Enable()
		scenario.Must(os.Remove(s["dir"]))
		crash(s)
	})
	add("dir_read_only", func(s settings) {
		s.Enable()
		scenario.Must(os.Chmod(s["dir"], 0o500))
		crash(s)
	})
	// No file may be larger than the setting bytes.
	add("file_size", func(s settings) {
		s.Enable()
		size := uint64(s.Number("bytes"))
		scenario.Must(unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: size}))
		crash(s)
	})
	add("umask", func(s settings) {
		s.Enable()
		unix.Umask(s.Number("umask"))
		crash(s)
	})
}

// losePlaces closes what Epitaph has open of the file at path, by inode, as a program does
// that becomes a daemon; or has the numbers stand for a file of its own.
func losePlaces(path, other string) {
	var want unix.Stat_t
	scenario.Must(unix.Stat(path, &want))
	lost := 0
	for fd := 3; fd < 1024; fd++ {
		var stat unix.Stat_t
		if unix.Fstat(fd, &stat) != nil || stat.Dev != want.Dev || stat.Ino != want.Ino {
			continue
		}
		lost++
		if other == "" {
			scenario.Must(unix.Close(fd))
			continue
		}
		file, err := os.Create(other)
		scenario.Must(err)
		scenario.Must(unix.Dup3(int(file.Fd()), fd, 0))
	}
	if lost == 0 {
		scenario.Must(fmt.Errorf("no descriptor of %s", path))
	}
}

func init() {
	// The output, or the directory, of the report is lost: the descriptor is closed, or is
	// that of the file in the setting other. With the setting gone, it has no name any more.
	add("lost_output", func(s settings) {
		file, err := os.OpenFile(s["output"], os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		scenario.Must(err)
		scenario.Must(handler.Enable(handler.WithOutput(file)))
		defer runtime.KeepAlive(file) // its end would close the number again
		losePlaces(s["output"], s["other"])
		if s["gone"] != "" {
			// Made while the other one is there, or it would have its inode.
			scenario.Must(os.WriteFile(s["output"]+".new", nil, 0o600))
			scenario.Must(os.Rename(s["output"]+".new", s["output"]))
		}
		if s["panic"] != "" {
			panic("of Go's own")
		}
		crash(s)
	})
	add("lost_dir", func(s settings) {
		s.Enable()
		losePlaces(s["dir"], s["other"])
		crash(s)
	})
	add("lost_termination", func(s settings) {
		s.Enable()
		losePlaces(s["termination"], s["other"])
		crash(s)
	})
	add("bad_termination", func(s settings) {
		scenario.Say("%v", handler.Enable(handler.WithTermination(s["path"])))
		crash(s)
	})
	// The directory is another one, of the same name.
	add("new_dir", func(s settings) {
		s.Enable()
		scenario.Must(os.Remove(s["dir"]))
		scenario.Must(os.Mkdir(s["dir"], 0o700))
		crash(s)
	})
	// Enable is given places that cannot be used, and its error is printed.
	add("bad_places", func(s settings) {
		closed, err := os.Open(os.DevNull)
		scenario.Must(err)
		scenario.Must(closed.Close())
		opt := handler.WithOutput(closed)
		if s["dir"] != "" {
			opt = handler.WithDir(s["dir"])
		}
		scenario.Say("%v", handler.Enable(opt))
		crash(s)
	})
}
