/* The core's own threads: how they are started, and how they are told from the
 * program's. */
#ifndef EPI_OWN_H
#define EPI_OWN_H

#include "state.h"

/* Starts the thread WHICH at RUN unless this process has it: detached, with all
 * signals blocked and without an alternate stack.  0 or an errno value. */
int epi_own_start(enum epi_own which, void *(*run)(void *));

/* What the thread does first: takes its name, and says who it is. */
EPI_SAFE void epi_own_introduce(enum epi_own which);

/* The record of thread TID of this process; NULL when it is the program's. */
EPI_SAFE const struct epi_own_thread *epi_own_find(int tid);

#endif
