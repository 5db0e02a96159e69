/* Where a report goes, and where it goes when that place is not there any more: the
 * program may have closed the core's descriptors, and have given their numbers to files
 * of its own; a directory may have been made anew under its name. */
#ifndef EPI_PLACES_H
#define EPI_PLACES_H

#include "../base/base.h"
#include "../base/fd.h"
#include "../incident/incident.h"

/* Is OUTPUT the same file as standard error? */
EPI_SAFE bool epi_report_is_stderr(const struct epi_fd *output);

/* The output of OPTIONS or, when that is lost, standard error; its fd is -1 when both
 * are.  What is there is as it was when the core was enabled. */
EPI_SAFE struct epi_fd epi_report_terminal(const struct epi_options *options);

/* The same for a report that ends the process, which may open the output's file anew
 * by its path, and is not written to standard error when it is APART. */
EPI_SAFE void epi_places_find(struct epi_incident *incident);

/* Is there an output for a report that is not written to standard error? */
EPI_SAFE bool epi_places_has_own(const struct epi_options *options);

/* Where the rest of a report goes when its output fails. */
EPI_SAFE struct epi_fd epi_places_fallback(const struct epi_incident *incident);

/* The directory of OPTIONS, anew by its path; -errno. */
EPI_SAFE long epi_places_open_directory(const struct epi_options *options);

/* The lines that say why the report is not where it was meant to be. */
EPI_SAFE void epi_places_notes(struct epi_incident *incident);

EPI_SAFE void epi_places_close(struct epi_incident *incident);

#endif
