/* See unwrapped.h. */
#ifndef EPI_NOWRAP

	.macro	unwrapped name
	.weak	__real_\name
	.type	__real_\name, %function
__real_\name:
	hint	#34 /* bti c */
	b	\name
	.size	__real_\name, . - __real_\name
	.endm

#include "unwrapped.h"

#endif

	.section .note.GNU-stack,"",%progbits

/* Else the linker takes it that this object is not fit for guarded code, and so for the whole
 * program.  The number of the property, its size, and its bit (AAELF64, 5.2.3.2). */
#ifdef __ARM_FEATURE_BTI_DEFAULT
	.section .note.gnu.property,"a",%note
	.p2align 3
	.word	4, 16, 5
	.asciz	"GNU"
	.word	0xc0000000, 4, 1, 0
#endif
