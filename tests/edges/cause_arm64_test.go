//go:build linux && cgo

package edges

import "syscall"

// causes stand in the instruction.
var causes = []instructionCause{
	{"hlt", "?", "", syscall.SIGILL},
	{"mrs", "?", "", syscall.SIGILL},
	{"msr", "?", "", syscall.SIGILL},
	{"smc", "?", "", syscall.SIGILL},
	{"eret", "?", "", syscall.SIGILL},
	{"udf", "?", "", syscall.SIGILL},
	{"brk", "?", "", syscall.SIGILL},
	{"trap", "?", "", syscall.SIGILL},
	{"check", "?", "", syscall.SIGILL},
	{"invalid", "?", "", syscall.SIGILL},
	{"wild_write", "?", "", syscall.SIGILL},
	{"wild_read", "?", "", syscall.SIGILL},
	{"tagged_read", "?", "", syscall.SIGILL},
	{"unaligned", "?", "", syscall.SIGILL},
	{"wild_call", "?", "", syscall.SIGILL},
	{"wild_return", "?", "", syscall.SIGILL},
	{"odd_call", "?", "", syscall.SIGILL},
}
