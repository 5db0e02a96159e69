//go:build linux && cgo

package edges

import "syscall"

// causes stand in the instruction. A branch drops the tag in the top byte of where it leads to.
var causes = []instructionCause{
	{"mrs", "mrs, a privileged instruction, at 0x", "", syscall.SIGILL},
	{"msr", "msr, a privileged instruction, at 0x", "", syscall.SIGILL},
	{"smc", "smc, a privileged instruction, at 0x", "", syscall.SIGILL},
	{"eret", "eret, a privileged instruction, at 0x", "", syscall.SIGILL},
	{"hlt", "an invalid instruction, or one that this CPU does not have, at 0x", "", syscall.SIGILL},
	{"invalid", "an invalid instruction, or one that this CPU does not have, at 0x", "", syscall.SIGILL},
	{"udf", "udf, a deliberate trap", "", syscall.SIGILL},
	{"trap", "brk, a deliberate trap", "", syscall.SIGTRAP},
	{"check", "the trap of a check that the compiler added: shift by an amount out of bounds, at 0x", "", syscall.SIGTRAP},
	{"brk", "a breakpoint instruction\n", "", syscall.SIGTRAP},
	{"wild_write", "write to 0xdeadbeefdeadbeef, which is not canonical", "", syscall.SIGSEGV},
	{"wild_read", "read of 0x8181818181818191, which is not canonical", "", syscall.SIGSEGV},
	{"tagged_read", "read of 0x0000000000000008, in the first page: a NULL pointer + 8\n", "", syscall.SIGSEGV},
	{"wild_call", "execution of 0x0041414141414141, which is not canonical", "", syscall.SIGSEGV},
	{"wild_return", "execution of 0x0042424242424242, which is not canonical", "", syscall.SIGSEGV},
	{"data_call", "execution of 0x", ", in memory that is not executable\n", syscall.SIGSEGV},
	{"unaligned", "read of 0x", ", not aligned as the instruction needs it\n", syscall.SIGBUS},
}
