//go:build linux && arm64

#include "textflag.h"

// func resumedEntry() uintptr
TEXT ·resumedEntry(SB),NOSPLIT,$0-8
	MOVD	$·resumed(SB), R0
	MOVD	R0, ret+0(FP)
	RET
