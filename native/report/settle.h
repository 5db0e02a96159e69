/* What a report needs of the process behind its first line. */
#ifndef EPI_SETTLE_H
#define EPI_SETTLE_H

#include "../base/base.h"
#include "../incident/incident.h"

/* Once in each crash, by its owner, behind epi_crash_begin: before memory is looked at,
 * before a stage runs, and before anything waits. */
EPI_SAFE void epi_report_settle(struct epi_incident *incident);

#endif
