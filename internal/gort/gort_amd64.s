//go:build linux && amd64

#include "textflag.h"

// func bounds() (text, etext, pclntab, epclntab, getg uintptr)
TEXT ·bounds(SB),NOSPLIT,$0-40
	LEAQ	runtime·text(SB), AX
	MOVQ	AX, text+0(FP)
	LEAQ	runtime·etext(SB), AX
	MOVQ	AX, etext+8(FP)
	LEAQ	runtime·pclntab(SB), AX
	MOVQ	AX, pclntab+16(FP)
	LEAQ	runtime·epclntab(SB), AX
	MOVQ	AX, epclntab+24(FP)
	LEAQ	·getg(SB), AX
	MOVQ	AX, getg+32(FP)
	RET

// func getg()
//
// The C ABI wants the result in AX; every other register is left alone, so
// that this can be called with any of them live.
TEXT ·getg(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	(TLS), AX
	RET

// func pclntabHeader() *header
TEXT ·pclntabHeader(SB),NOSPLIT,$0-8
	LEAQ	runtime·pclntab(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

// func G() unsafe.Pointer
TEXT ·G(SB),NOSPLIT,$0-8
	MOVQ	(TLS), AX
	MOVQ	AX, ret+0(FP)
	RET
