//go:build unix

package handler

import "syscall"

const dumpSignal = syscall.SIGUSR1
