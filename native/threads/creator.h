/* A fault signal that is sent while a thread is created.
 *
 * The four fault signals stay open on a thread that blocks all signals (masks.h), as Go's runtime
 * and librdkafka do before they create one.  The new thread inherits them open, and one that is
 * sent to the process while it starts would find neither a record of its mask nor a thread of
 * Go's.  So its creator, which has a record, takes it.  The signals are not blocked in fact
 * meanwhile: a fault in pthread_create would kill in silence. */
#ifndef EPI_CREATOR_H
#define EPI_CREATOR_H

#include "../base/base.h"

#include <signal.h>

#define EPI_NO_CREATION (-1)

/* The thread CREATOR, which takes the four for blocked, creates one.  Returns what ends with the
 * new thread's beginning, or without it. */
int epi_creator_begins(int creator);
void epi_creator_ends(int creation);

/* On the new thread, which has a record of its mask now.  One of Go's has none, and is the
 * business of GO_CREATOR until Go's runtime knows it. */
void epi_creator_thread_begins(int creation, int go_creator);

/* For the handler of faults: was the signal sent to the process, and taken by a thread that has
 * only just been created?  Then its creator has got it.  There INFO becomes again what it was. */
EPI_SAFE bool epi_creator_takes(int signal, siginfo_t *info);

#endif
