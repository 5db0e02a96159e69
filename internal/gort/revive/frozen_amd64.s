//go:build linux && amd64

#include "funcdata.h"
#include "textflag.h"

// func handOff(systemstack, handoffp, p uintptr)
//
// As the runtime itself does it (runtime/proc.go, entersyscallblock_handoff): on the
// system stack. The function for there is a closure, made on this one.
TEXT ·handOff(SB),NOSPLIT,$32-24
	NO_LOCAL_POINTERS
	LEAQ	·handOffThere(SB), AX
	MOVQ	AX, closure-24(SP)
	MOVQ	handoffp+8(FP), AX
	MOVQ	AX, handoffp-16(SP)
	MOVQ	p+16(FP), AX
	MOVQ	AX, p-8(SP)
	LEAQ	closure-24(SP), AX
	MOVQ	AX, 0(SP)
	MOVQ	systemstack+0(FP), AX
	CALL	AX
	RET

// handOffThere gets its closure in DX, and calls a function of Go's by Go's own
// convention (ABIInternal).
TEXT ·handOffThere(SB),NOSPLIT,$8-0
	NO_LOCAL_POINTERS
	MOVQ	8(DX), CX
	MOVQ	16(DX), AX
	MOVQ	(TLS), R14
	XORPS	X15, X15
	CALL	CX
	RET
