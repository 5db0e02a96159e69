/* The report's file in the directory of handler.WithDir. */
#ifndef EPI_FILE_H
#define EPI_FILE_H

#include "../base/base.h"
#include "../incident/incident.h"

/* A stage of its own, the first: a directory may be on a file system that does not
 * answer.  Makes INCIDENT->file_fd, with its name in INCIDENT->file, or leaves the reason
 * in file_error. */
EPI_SAFE void epi_report_open_file(struct epi_incident *incident);

/* The path of that file. */
EPI_SAFE void epi_report_file_path(struct epi_out *out, const struct epi_incident *incident);

#endif
