/* What happened, in the few words that end a report's first line. */
#ifndef EPI_TITLE_H
#define EPI_TITLE_H

#include "../base/base.h"
#include "../text/out.h"
#include "../incident/incident.h"

EPI_SAFE void epi_title_put(struct epi_out *out, const struct epi_incident *incident);

#endif
