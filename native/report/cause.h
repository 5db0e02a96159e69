/* The parts of the sentence about a signal's cause. */
#ifndef EPI_CAUSE_H
#define EPI_CAUSE_H

#include "../base/base.h"
#include "../incident/incident.h"

/* Of a SIGSEGV or SIGBUS that the kernel raised: what was accessed, and what is there. */
EPI_SAFE void epi_cause_memory(struct epi_incident *incident);

#endif
