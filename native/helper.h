/* The helper thread: it enforces the deadlines of a crash, and unmaps the
 * alternate stacks of threads that have ended. */
#ifndef EPI_HELPER_H
#define EPI_HELPER_H

#include <stdbool.h>

/* Starts it; 0 or an errno value.  It lives as long as the process. */
int epi_helper_start(void);

#endif
