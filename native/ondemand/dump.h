/* Stacks on demand, from a healthy process that goes on. */
#ifndef EPI_DUMP_H
#define EPI_DUMP_H

#include "../base/base.h"
#include "../incident/incident.h"

/* Writes a dump, as a report without a headline.  The core must be on; waits its
 * turn when another dump is under way.  On any thread, the core's dumper included;
 * not in a handler.  Where the output is not the file any more that it was, the
 * dump goes where the reports of crashes go.
 *
 * ENODEV: the core is off.  ECANCELED: there is a crash, or it came in between
 * and has taken over.  EBADF: no such output.  EBUSY: the turn did not come.
 * EADDRINUSE: somebody else's handler gets the faults of loads, and the kernel does
 * not help out.  ETIMEDOUT, EFAULT: a stage was given up, as the text tells.  What a
 * write failed with. */
EPI_SAFE int epi_dump(const struct epi_dump *dump);

/* Takes the turn without dumping, so that nobody else does; false when there is
 * a crash, or after PATIENCE ns unless that is 0. */
EPI_SAFE bool epi_dump_lock(uint64_t patience);
EPI_SAFE void epi_dump_unlock(void);

struct epi_incident;

#endif
