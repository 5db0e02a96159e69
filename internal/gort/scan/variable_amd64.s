//go:build linux && amd64

#include "textflag.h"

// func variables() (bounds [8]uintptr)
TEXT ·variables(SB),NOSPLIT,$0-64
	LEAQ	runtime·noptrdata(SB), AX
	MOVQ	AX, bounds_0+0(FP)
	LEAQ	runtime·enoptrdata(SB), AX
	MOVQ	AX, bounds_1+8(FP)
	LEAQ	runtime·data(SB), AX
	MOVQ	AX, bounds_2+16(FP)
	LEAQ	runtime·edata(SB), AX
	MOVQ	AX, bounds_3+24(FP)
	LEAQ	runtime·bss(SB), AX
	MOVQ	AX, bounds_4+32(FP)
	LEAQ	runtime·ebss(SB), AX
	MOVQ	AX, bounds_5+40(FP)
	LEAQ	runtime·noptrbss(SB), AX
	MOVQ	AX, bounds_6+48(FP)
	LEAQ	runtime·enoptrbss(SB), AX
	MOVQ	AX, bounds_7+56(FP)
	RET
