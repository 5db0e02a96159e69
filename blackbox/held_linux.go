package blackbox

import (
	"os"
	"syscall"
)

// held tells whether a process has the box open to write to it. Package handler
// takes a lock that lasts as long as that (F_OFD_SETLK, fcntl(2)): here it is
// asked for, and not taken, or a program that starts now would be refused its box.
// That works where the process has no number: in another PID namespace. It is
// false too where the file system has no such locks.
func held(f *os.File) bool {
	lock := syscall.Flock_t{Type: syscall.F_RDLCK}
	err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock)
	return err == nil && lock.Type != syscall.F_UNLCK
}
