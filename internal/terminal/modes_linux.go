package terminal

import "syscall"

const getModes = syscall.TCGETS
