/* The core's own threads: how they are started, and how they are told from the
 * program's.  They block all signals, and are not asked for stacks. */
#ifndef EPI_SERVICE_H
#define EPI_SERVICE_H

#include "../base/base.h"
#include "../incident/process.h"

/* What the thread WHICH runs. */
void epi_service_runs(enum epi_service which, void *(*run)(void *));

/* Starts the thread WHICH unless this process has it: detached, with all
 * signals blocked and without an alternate stack.  0 or an errno value. */
int epi_service_start(enum epi_service which);

/* Tells the helper thread that there is something to watch. */
EPI_SAFE void epi_helper_wake(void);

/* The word that the helper sleeps on; a change wakes it. */
EPI_SAFE _Atomic uint32_t *epi_helper_word(void);

/* What the thread does first: takes its name, and says who it is. */
EPI_SAFE void epi_service_introduce(enum epi_service which);

/* The thread id of WHICH; 0: it does not run. */
EPI_SAFE int epi_service_tid(enum epi_service which);

/* The record of thread TID; NULL when it is the program's. */
EPI_SAFE const struct epi_service_thread *epi_service_find(int tid);

#endif
