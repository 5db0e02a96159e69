/* The helper thread: it enforces the deadlines of a crash, and unmaps the
 * alternate stacks of threads that have ended. */
#ifndef EPI_HELPER_H
#define EPI_HELPER_H

#include "../base/base.h"

EPI_SAFE void *epi_helper(void *unused);

#endif
