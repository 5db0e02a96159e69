/* The lock under which the program's calls and the core change signal actions and the
 * records of them (actions.c, wrap.c).  A handler does not take it: it only reads records. */
#ifndef EPI_LOCK_H
#define EPI_LOCK_H

#include "../base/base.h"

/* Takes the lock, with signals blocked meanwhile, since sigaction may be called by signal
 * handlers; returns the mask from before.  It is held for some system calls at
 * the most.  Not after a fault. */
uint64_t epi_actions_lock(void);
void epi_actions_unlock(uint64_t mask);

/* For the helper thread, which never waits: true when it has the lock now. */
EPI_SAFE bool epi_actions_try_lock(void);
/* For a dump, which may run in a signal handler, with signals blocked: waits 100 ms at most. */
EPI_SAFE bool epi_actions_await_lock(void);
/* Ends either. */
EPI_SAFE void epi_actions_end_try(void);

#endif
