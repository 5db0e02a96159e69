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
		watchParent(parentPipe)
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
