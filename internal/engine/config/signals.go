package config

import (
	"fmt"
	"os"
	"syscall"
)

// Registrable is the number of a signal, or why it cannot be registered.
func Registrable(sig os.Signal) (syscall.Signal, error) {
	number, ok := sig.(syscall.Signal)
	switch {
	case !ok:
		return 0, fmt.Errorf("%v is not a syscall.Signal", sig)
	case number < 1 || number > mostSignal:
		return 0, fmt.Errorf("signal number %d is out of range", int(number))
	}
	switch number {
	case syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGABRT, syscall.SIGTRAP, fatalSIGSYS:
		return 0, fmt.Errorf("signal %d (%v) is a fatal signal, use Enable", int(number), number)
	case syscall.SIGKILL:
		return 0, fmt.Errorf("signal %d (%v) cannot be handled", int(number), number)
	}
	if why := reserved(number); why != "" {
		return 0, fmt.Errorf("signal %d (%v) %s", int(number), number, why)
	}
	return number, nil
}
