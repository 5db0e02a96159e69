/* Tells which fatal signals are not the core's any more, and who has them. */
#ifndef EPI_REPORT_TAKEN_H
#define EPI_REPORT_TAKEN_H

#include "../base/base.h"
#include "../base/fd.h"
#include "../incident/incident.h"

/* For the helper: says on OUTPUT what was not said yet.  BACK: the core's actions have been put
 * back. */
EPI_SAFE void epi_taken_say(struct epi_fd output, bool back);

/* The notes of a report. */
EPI_SAFE void epi_report_taken(struct epi_incident *incident);

/* The Ith fatal signal, if its action was replaced, and by whom in TO (SIZE bytes, terminated);
 * else 0. */
int epi_taken_signal(int i, char *to, size_t size);

#endif
