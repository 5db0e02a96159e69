/* A report as one line of JSON: handler.WithFormat. */
#ifndef EPI_JSONLINE_H
#define EPI_JSONLINE_H

#include "../base/base.h"
#include "../text/out.h"
#include "../incident/incident.h"

/* Prepares INCIDENT->record; OUT, which is not in use yet, is borrowed to format. */
EPI_SAFE void epi_jsonline_prepare(struct epi_incident *incident, struct epi_out *out);

/* Ends the record around what OUT has written, if it has one.  REPORT is the whole report. */
EPI_SAFE void epi_jsonline_end(struct epi_out *out, const struct epi_out *report,
                               const struct epi_incident *incident);

#endif
