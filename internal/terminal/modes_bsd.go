//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package terminal

import "syscall"

const getModes = syscall.TIOCGETA
