/* A fault signal that is sent while a thread is created.
 *
 * The four fault signals stay open on a thread that blocks all signals (masks.h), as Go's runtime
 * and librdkafka do before they create one.  The new thread inherits them open.  Until it has a
 * record of its mask, or Go's runtime knows it, one that is sent has to stay pending, as it does
 * for its creator.  The signals are not blocked in fact meanwhile: a fault in pthread_create
 * would kill in silence. */
#ifndef EPI_NEWTHREAD_H
#define EPI_NEWTHREAD_H

#include "../base/base.h"

#include <signal.h>
#include <ucontext.h>

#define EPI_NOT_EXPECTED (-1)

/* A thread is about to be created by the calling one, which takes BELIEVED, of the four, for
 * blocked.  Returns what ends with the new thread's beginning, or when it was not created. */
int epi_newthread_expect(uint64_t believed);
void epi_newthread_forget(int number);

/* On the new thread: it has a record of its mask now; or it is Go's, whose runtime sets the mask
 * (runtime/proc.go, minit). */
void epi_newthread_begins(int number, bool for_go);

/* Behind it, on one whose creator took BELIEVED for blocked: with the same mask, it may have been
 * taken for another new thread, and have more blocked than that. */
void epi_newthread_correct(uint64_t believed);

/* For the handler of faults: was the signal sent, and taken by a thread that has only just been
 * created?  Then it is pending again, and this thread does not take it. */
EPI_SAFE bool epi_newthread_passes(int signal, const siginfo_t *info, ucontext_t *uc);

#endif
