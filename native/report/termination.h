/* The termination message of a Kubernetes container. */
#ifndef EPI_TERMINATION_H
#define EPI_TERMINATION_H

#include "../base/base.h"
#include "../incident/incident.h"

/* Is it still to be written? */
EPI_SAFE bool epi_termination_waits(const struct epi_incident *incident);

/* Writes it, once. */
EPI_SAFE void epi_report_termination(struct epi_incident *incident);

#endif
