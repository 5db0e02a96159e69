/* Numbers from the small files of the kernel, /proc's and a cgroup's. */
#ifndef EPI_FIGURES_H
#define EPI_FIGURES_H

#include "../base/base.h"

#define EPI_FIGURE_UNKNOWN (-1)
#define EPI_FIGURE_NONE    INT64_MAX /* there is no such limit */

/* The number at the start of TEXT, or behind WORD and blanks at the start of one of its
 * lines.  EPI_FIGURE_NONE: "max" stands there, or a number that stands for it (cgroup v1
 * writes PAGE_COUNTER_MAX).  EPI_FIGURE_UNKNOWN: nothing of the kind does. */
EPI_SAFE int64_t epi_figure_in(const char *text, const char *word);

/* The number in field N, from 0, of a text whose fields are separated by blanks. */
EPI_SAFE int64_t epi_figure_at(const char *text, unsigned n);

/* Reads the start of a file into TEXT, terminated.  False when it cannot be opened or read,
 * or is empty. */
EPI_SAFE bool epi_figures_read(const char *path, char *text, size_t size);

#endif
