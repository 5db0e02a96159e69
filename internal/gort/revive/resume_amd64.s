//go:build linux && amd64

#include "textflag.h"

// func resumedEntry() uintptr
TEXT ·resumedEntry(SB),NOSPLIT,$0-8
	LEAQ	·resumed(SB), AX
	MOVQ	AX, ret+0(FP)
	RET
