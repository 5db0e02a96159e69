/* The line "Signal: ..." of a panic or fatal error of Go, when a fault has led to it. */
#ifndef EPI_GOCAUSE_H
#define EPI_GOCAUSE_H

#include "../base/base.h"
#include "../incident/incident.h"

EPI_SAFE void epi_report_go_cause(struct epi_incident *incident);

/* For when that has failed: what the incident has of a signal is its own again. */
EPI_SAFE void epi_report_go_cause_end(struct epi_incident *incident);

/* What Go has said, as far as it was looked at; "" of a crash that is not Go's. */
EPI_SAFE const char *epi_go_cause_text(void);

#endif
