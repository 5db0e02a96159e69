package stackfmt

import "syscall"

const getModes = syscall.TCGETS
