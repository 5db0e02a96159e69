//go:build !unix

package config

import "syscall"

// Not all systems have the signals that unix has.
const (
	mostSignal  = syscall.Signal(64)
	fatalSIGSYS = syscall.Signal(-1)
)

func reserved(syscall.Signal) string { return "" }
