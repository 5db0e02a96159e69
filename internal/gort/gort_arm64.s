//go:build linux && arm64

#include "textflag.h"

// func bounds() (text, etext, pclntab, epclntab, getg uintptr)
TEXT ·bounds(SB),NOSPLIT,$0-40
	MOVD	$runtime·text(SB), R0
	MOVD	R0, text+0(FP)
	MOVD	$runtime·etext(SB), R0
	MOVD	R0, etext+8(FP)
	MOVD	$runtime·pclntab(SB), R0
	MOVD	R0, pclntab+16(FP)
	MOVD	$runtime·epclntab(SB), R0
	MOVD	R0, epclntab+24(FP)
	MOVD	$·getg(SB), R0
	MOVD	R0, getg+32(FP)
	RET

// func getg()
//
// The C ABI wants the result in R0.  C code may have anything in R28, which is g in Go's, so
// g is read from the thread's storage, as runtime·load_g does it.  The linker knows the
// offset's load only with R27 as the register (MOVZ, MOVK), which is C's to keep; R1 is not.
// The last load may fault, and the core then returns from here (native/crash/handler.c): so
// R27 is C's again before it.
TEXT ·getg(SB),NOSPLIT|NOFRAME,$0-0
	WORD	$0xd53bd040 // MRS TPIDR_EL0, R0
	MOVD	R27, R1
	MOVD	runtime·tls_g(SB), R27
	ADD	R27, R0
	MOVD	R1, R27
	MOVD	(R0), R0
	RET

// As in runtime/race_arm64.s: without it the assembler takes the variable for one in
// memory.
GLOBL runtime·tls_g+0(SB), TLSBSS+DUPOK, $8

// func pclntabHeader() *header
TEXT ·pclntabHeader(SB),NOSPLIT,$0-8
	MOVD	$runtime·pclntab(SB), R0
	MOVD	R0, ret+0(FP)
	RET

// func G() unsafe.Pointer
TEXT ·G(SB),NOSPLIT,$0-8
	MOVD	g, ret+0(FP)
	RET
