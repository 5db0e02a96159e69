/* The helper's part while handlers of the host are asked. */
#ifndef EPI_HOSTWATCH_H
#define EPI_HOSTWATCH_H

#include "../base/base.h"
#include "../base/clock.h"

/* How often, while there are such faults. */
#define EPI_HOSTS_TICK (20 * EPI_MS)

/* Drops the evidence of threads that have jumped out of their handler, and has one report of
 * which there was no answer before the deadline.  False: there is nothing to watch. */
EPI_SAFE bool epi_hosts_watch(uint64_t now);

#endif
