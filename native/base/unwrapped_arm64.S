/* Where the linker is told to wrap (threads/create.c, threads/masks_wrap.c, signals/wrap.c,
 * crash/exit_wrap.c), __real_exit is but another name of exit, and nobody refers to what is
 * here.  A c-archive is linked by its host's own command, without -Wl,-wrap: there nobody calls
 * the wrappers, but their references have to be to something.
 *
 * In assembly, since in a link with -flto the compiler would join a definition in C with the
 * reference to it, before the linker gives that its other meaning, and exit would call itself. */
#ifndef EPI_NOWRAP

	.macro	unwrapped name
	.weak	__real_\name
	.type	__real_\name, %function
__real_\name:
	hint	#34 /* bti c */
	b	\name
	.size	__real_\name, . - __real_\name
	.endm

	.text
	unwrapped pthread_create
	unwrapped pthread_sigmask
	unwrapped sigprocmask
	unwrapped sigwait
	unwrapped sigwaitinfo
	unwrapped sigtimedwait
	unwrapped signalfd
	unwrapped sigaction
	unwrapped exit
	unwrapped _exit
	unwrapped _Exit
	unwrapped quick_exit
	unwrapped kill
	unwrapped execv
	unwrapped execve
	unwrapped execvp

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
