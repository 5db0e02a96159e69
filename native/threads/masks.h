/* Signal masks as the program has set them, while the faults stay open.
 *
 * A fault whose signal is blocked kills in silence: the kernel asks no handler
 * (kernel/signal.c, force_sig_info_to_task).  C libraries block all signals on their
 * threads, so that those that are sent go elsewhere; they do not mean faults.  So what
 * pthread_sigmask and sigprocmask are told to block is blocked but for SIGSEGV,
 * SIGBUS, SIGFPE and SIGILL, and a thread's record says which of these the program
 * takes for blocked.  What it reads back, and what its new threads begin with, is what
 * it has set.
 *
 * One of the four that is sent to a thread that takes it for blocked stays pending: the
 * handler sends it once more, and blocks it in fact from then on.  Once one is waited for
 * by sigwait and the like, or by signalfd, it is the program's alone.
 *
 * Masks are changed past these functions, too: by Go's runtime, by siglongjmp.  A record
 * therefore holds the whole mask that it goes with, and counts only while the kernel has
 * that one, or one that blocks more, as it does for a handler.
 *
 * The memory of a set is the caller's, and may not be there: then the answer is that of libc. */
#ifndef EPI_MASKS_H
#define EPI_MASKS_H

#include "../base/base.h"

#include <signal.h>
#include <ucontext.h>

/* The program's change of the calling thread's mask: as sigprocmask, but 0 or an errno
 * value.  Both sets may be NULL. */
int epi_mask_change(int how, const sigset_t *set, sigset_t *old);

/* The program waits for the signals of SET. */
void epi_mask_wait(const sigset_t *set);

/* Of the four, those that the calling thread takes for blocked and that are not; and the
 * beginning of a thread whose creator's they were. */
uint64_t epi_mask_believed(void);
void epi_mask_begin(uint64_t believed);

/* Is the calling thread, whose mask is MASK, known to take some of the four for blocked? */
EPI_SAFE bool epi_mask_is_recorded(uint64_t mask);

/* Are there threads that take one of the four for blocked, perhaps?  The handlers have to
 * stay for them.  A thread is counted until it ends. */
bool epi_mask_any_believed(void);
void epi_mask_end(void);

/* For the handler of the thread signal, at UC: opens those of the four that the thread has
 * blocked before the core was enabled, and takes them for blocked as the program does.  Not
 * where there are callers of the functions above that the core does not see. */
EPI_SAFE void epi_mask_open(ucontext_t *uc);
void epi_mask_callers_are_seen(void);

/* Is it one of the four?  A thread that blocks it may have it open. */
EPI_SAFE bool epi_mask_may_be_open(int signal);

/* For the handler of faults: was the signal sent, to a thread that takes it for blocked?
 * Then it is pending now. */
EPI_SAFE bool epi_mask_passes(int signal, const siginfo_t *info, ucontext_t *uc);

#endif
