//go:build linux && arm64

#include "funcdata.h"
#include "textflag.h"

// func handOff(systemstack, handoffp, p uintptr)
//
// As the runtime itself does it (runtime/proc.go, entersyscallblock_handoff): on the
// system stack. The function for there is a closure, made on this one.
TEXT ·handOff(SB),NOSPLIT,$32-24
	NO_LOCAL_POINTERS
	MOVD	$·handOffThere(SB), R0
	MOVD	R0, closure-24(SP)
	MOVD	handoffp+8(FP), R0
	MOVD	R0, handoffp-16(SP)
	MOVD	p+16(FP), R0
	MOVD	R0, p-8(SP)
	MOVD	$closure-24(SP), R0
	MOVD	R0, 8(RSP)
	MOVD	systemstack+0(FP), R0
	CALL	(R0)
	RET

// handOffThere gets its closure in R26, and calls a function of Go's by Go's own
// convention (ABIInternal); g stays in its register.
TEXT ·handOffThere(SB),NOSPLIT,$8-0
	NO_LOCAL_POINTERS
	MOVD	8(R26), R1
	MOVD	16(R26), R0
	CALL	(R1)
	RET
