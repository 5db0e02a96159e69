/* See unwrapped.h. */
#ifndef EPI_NOWRAP

	.macro	unwrapped name
	.weak	__real_\name
	.type	__real_\name, @function
__real_\name:
	jmp	\name@PLT
	.size	__real_\name, . - __real_\name
	.endm

#include "unwrapped.h"

#endif

	.section .note.GNU-stack,"",@progbits
