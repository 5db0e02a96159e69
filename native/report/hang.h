/* What a program hangs in, by the stacks of its threads and goroutines. */
#ifndef EPI_HANG_H
#define EPI_HANG_H

#include "calls.h"
#include "../base/base.h"
#include "../incident/incident.h"

struct epi_hang {
    char waits_for[EPI_NAME_MAX]; /* "sync.Mutex.Lock", "pthread_mutex_lock", "running" */
    uint64_t count; /* of the threads or goroutines that wait for that, however long; 0: of too many */
};

/* Finds what is most likely to be the answer, and its calls.  False, with CALLS empty, when
 * no stack has a call of the program's. */
EPI_SAFE bool epi_hang_find(struct epi_hang *hang, struct epi_calls *calls,
                            struct epi_incident *incident);

#endif
