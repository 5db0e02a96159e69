//go:build unix

package config

import (
	"runtime"
	"syscall"
)

const (
	mostSignal  = syscall.Signal(64)
	fatalSIGSYS = syscall.SIGSYS
)

// reserved says why only the system may handle a signal; "" when a program may.
func reserved(sig syscall.Signal) string {
	switch {
	case sig == syscall.SIGSTOP:
		return "cannot be handled"
	case sig == syscall.SIGURG:
		return "is needed by the Go runtime, to preempt goroutines"
	case sig == syscall.SIGPROF:
		return "is needed by the Go runtime, for CPU profiles"
	case runtime.GOOS == "linux" && sig >= 32 && sig <= 34:
		return "is needed by the C library" // SIGCANCEL and SIGSETXID; musl has three
	}
	return ""
}
