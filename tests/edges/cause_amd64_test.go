//go:build linux && cgo

package edges

import "syscall"

const sse = ", which is not a multiple of 16, as "

// causes stand in the instruction.
var causes = []instructionCause{
	{"movaps", "read of 0x", sse + "movaps needs it", syscall.SIGSEGV},
	{"movdqa_store", "write to 0x", sse + "movdqa needs it", syscall.SIGSEGV},
	{"hlt", "hlt, a privileged instruction by which", "musl", syscall.SIGSEGV},
	{"in", "in, an instruction for I/O ports", "", syscall.SIGSEGV},
	{"wrmsr", "wrmsr, a privileged instruction", "", syscall.SIGSEGV},
	{"cli", "cli, a", "", syscall.SIGSEGV},
	{"int", "int 33, a software interrupt", "", syscall.SIGSEGV},
	{"wild_write", "write to 0xdeadbeefdeadbeef, which is not canonical", "", syscall.SIGSEGV},
	{"wild_read", "read of 0x8000000000000010, which is not canonical", "", syscall.SIGSEGV},
	{"wild_call", "execution of 0x4141414141414141, which is not canonical", "", syscall.SIGSEGV},
	{"wild_return", "execution of 0x4242424242424242, which is not canonical", "", syscall.SIGSEGV},
	{"ud1", "the trap of a check that the compiler added: shift by an amount out of bounds, at 0x", "", syscall.SIGILL},
	{"ud2", "ud2, a deliberate trap", "", syscall.SIGILL},
	{"invalid", "an invalid instruction, or one that this CPU does not have, at 0x", "", syscall.SIGILL},
	{"div", "integer division by zero\n", "", syscall.SIGFPE},
	{"div_overflow", "integer division with a quotient that is too large\n", "", syscall.SIGFPE},
}
