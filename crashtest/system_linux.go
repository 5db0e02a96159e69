package crashtest

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// parentPipe is the descriptor of the pipe in the child: the first of ExtraFiles.
const parentPipe = 3

// prepareChild makes the process what the parent expects, before anything else runs.
func prepareChild(o *order) {
	bufferLines()
	// A command that the child was to be run by may not have handed the pipe on.
	var info unix.Stat_t
	if o.Pipe && unix.Fstat(parentPipe, &info) == nil && info.Mode&unix.S_IFMT == unix.S_IFIFO {
		unix.CloseOnExec(parentPipe)
		if err := dieWithPipe(parentPipe); err != nil {
			go dieBehindPipe(parentPipe)
		}
	}
	if !o.Core {
		// With 1 the kernel asks no helper, such as systemd-coredump, either; with 0 it does.
		// PR_SET_DUMPABLE would take /proc/self away.
		limit := unix.Rlimit{Cur: 1, Max: 1}
		if unix.Setrlimit(unix.RLIMIT_CORE, &limit) != nil {
			unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) // the hard limit is 0
		}
	}
}

// dieWithPipe has the kernel kill the process, and the group if that is its own, when the
// other end of a pipe is closed: by O_ASYNC, whose signal need not be SIGIO. A thread that
// waits for it would be one that a report on a crash asks for its stack. If all signals are
// blocked on it, as it takes to keep the program's from coming there, the report waits 30 ms.
// PR_SET_PDEATHSIG tells of the end of a thread, which Go may end at any time.
func dieWithPipe(pipe int) error {
	owner := os.Getpid()
	if unix.Getpgrp() == owner {
		owner = -owner
	}
	flags, err := unix.FcntlInt(uintptr(pipe), unix.F_GETFL, 0)
	for _, set := range []struct{ command, to int }{
		{unix.F_SETSIG, int(unix.SIGKILL)}, {unix.F_SETOWN, owner}, {unix.F_SETFL, flags | unix.O_ASYNC},
	} {
		if err == nil {
			_, err = unix.FcntlInt(uintptr(pipe), set.command, set.to)
		}
	}
	if err != nil {
		return err
	}
	// It may have been closed before.
	now := []unix.PollFd{{Fd: int32(pipe)}}
	if n, _ := unix.Poll(now, 0); n > 0 && now[0].Revents&unix.POLLHUP != 0 {
		unix.Kill(owner, unix.SIGKILL)
	}
	return nil
}

// askForDump ends a program that hangs by a signal that Epitaph reports.
func askForDump(p *os.Process) { p.Signal(unix.SIGABRT) }

// clockIsFake tells whether the calling goroutine is in a bubble of package synctest, where time
// stands still: its clock began in the year 2000.
func clockIsFake() bool {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_REALTIME, &now) != nil {
		return false
	}
	return time.Until(time.Unix(now.Unix())).Abs() > time.Hour
}

// signalName is a signal's name: SIGSEGV.
func signalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return s.String()
}
