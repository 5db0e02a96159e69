//go:build linux && arm64

#include "textflag.h"

// func variables() (bounds [8]uintptr)
TEXT ·variables(SB),NOSPLIT,$0-64
	MOVD	$runtime·noptrdata(SB), R0
	MOVD	R0, bounds_0+0(FP)
	MOVD	$runtime·enoptrdata(SB), R0
	MOVD	R0, bounds_1+8(FP)
	MOVD	$runtime·data(SB), R0
	MOVD	R0, bounds_2+16(FP)
	MOVD	$runtime·edata(SB), R0
	MOVD	R0, bounds_3+24(FP)
	MOVD	$runtime·bss(SB), R0
	MOVD	R0, bounds_4+32(FP)
	MOVD	$runtime·ebss(SB), R0
	MOVD	R0, bounds_5+40(FP)
	MOVD	$runtime·noptrbss(SB), R0
	MOVD	R0, bounds_6+48(FP)
	MOVD	$runtime·enoptrbss(SB), R0
	MOVD	R0, bounds_7+56(FP)
	RET
