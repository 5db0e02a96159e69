/* The head of a dump: of which process it is, when, and who asked for it. */
#ifndef EPI_WHY_H
#define EPI_WHY_H

#include "../base/base.h"
#include "../incident/incident.h"

/* Stages.  The head of a dump that has no other. */
EPI_SAFE void epi_dump_head(struct epi_incident *dump);

/* Leaves the dump of a signal without a current thread when the one that got it is none of
 * the program's: the kernel takes any, the main thread first, which may have nothing to do
 * (kernel/signal.c, complete_signal). */
EPI_SAFE void epi_dump_whose(struct epi_incident *dump);

/* The line that says who asked for it. */
EPI_SAFE void epi_dump_why(struct epi_incident *dump);

#endif
