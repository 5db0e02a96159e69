/* The report of a crash, from its first line to its last. */
#ifndef EPI_REPORT_H
#define EPI_REPORT_H

#include "../base/base.h"
#include "../incident/incident.h"

/* The report, from its first line to its last (report.c), on the reporter's own
 * stack. */
EPI_SAFE void epi_report(struct epi_incident *incident);
EPI_SAFE void epi_report_on_own_stack(struct epi_incident *incident);

/* Its last line. */
EPI_SAFE void epi_report_end(struct epi_incident *incident);

#endif
