/* The helper thread: it enforces the deadlines of a crash, and unmaps the
 * alternate stacks of threads that have ended. */
#ifndef EPI_HELPER_H
#define EPI_HELPER_H

#include "base.h"

/* Starts it; 0 or an errno value.  It lives as long as the process. */
int epi_helper_start(void);

/* Tells it that there is something to watch. */
EPI_SAFE void epi_helper_wake(void);

#endif
