/* The short report beside a report in a file. */
#ifndef EPI_SHORT_H
#define EPI_SHORT_H

#include "../base/base.h"
#include "../incident/incident.h"

/* Writes it, once: a stage behind the current stack. */
EPI_SAFE void epi_report_short(struct epi_incident *incident);

#endif
