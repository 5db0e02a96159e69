/* Where the linker is told to wrap (threads/create.c, threads/masks_wrap.c, signals/wrap.c,
 * crash/exit_wrap.c), __real_exit is but another name of exit, and nothing refers to what is
 * here.  A c-archive is linked by its host's own command, without -Wl,-wrap: there the wrappers
 * are not called, but their references have to be to something.
 *
 * In assembly, since in a link with -flto the compiler would join a definition in C with the
 * reference to it, before the linker gives that its other meaning, and exit would call itself.
 * A machine's unwrapped_MACHINE.S defines the macro, and includes this. */
#ifndef EPI_UNWRAPPED_H
#define EPI_UNWRAPPED_H

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
	unwrapped write
	unwrapped writev

/* What pthread_create means in this link: the wrapper, or in a c-archive whatever definition the
 * host's link has.  Interposing (interpose/interpose.c) needs to know. */
	.section .data.rel.ro,"aw",%progbits
	.balign	8
	.globl	__unwrapped_pthread_create
	.hidden	__unwrapped_pthread_create
	.type	__unwrapped_pthread_create, %object
__unwrapped_pthread_create:
	.quad	pthread_create
	.size	__unwrapped_pthread_create, 8

#endif
