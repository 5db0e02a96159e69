//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package stackfmt

import "syscall"

const getModes = syscall.TIOCGETA
