//go:build !unix

package handler

import "syscall"

const dumpSignal syscall.Signal = 0 // none
