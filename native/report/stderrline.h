/* The line on what the crashing thread wrote to standard error. */
#ifndef EPI_REPORT_WORDS_H
#define EPI_REPORT_WORDS_H

#include "../base/base.h"
#include "../incident/incident.h"

/* A stage of the report; prints nothing where the report is on standard error itself. */
EPI_SAFE void epi_report_standard_error(struct epi_incident *incident);

#endif
