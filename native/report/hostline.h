/* Where the process runs: what a healthy program has found out, for the report's head. */
#ifndef EPI_HOSTLINE_H
#define EPI_HOSTLINE_H

#include "../base/base.h"

#define EPI_HOST_GROUP 512

struct epi_host {
    _Atomic bool known; /* last, after the rest */
    char name[256];
    char facts[512];            /* the rest of the line, ready to be printed */
    char group[EPI_HOST_GROUP]; /* the directory of the memory cgroup, or "" */
};

extern struct epi_host epi_host __attribute__((visibility("hidden")));

/* Says where the process runs: the host's name, the rest of the line, and the directory of
 * the memory cgroup.  The first call counts, so that a report never finds a half of it.
 * For a healthy process, calls one at a time. */
void epi_host_set(const char *name, const char *facts, const char *group);

/* The host's name: the container's, where there is one; "" when it is not known. */
EPI_SAFE const char *epi_host_name(void);

/* "glibc 2.36", or "musl", which does not tell its version. */
const char *epi_host_libc(void);

#endif
