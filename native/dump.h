/* All threads on demand, from a healthy process that goes on. */
#ifndef EPI_DUMP_H
#define EPI_DUMP_H

#include "base.h"

struct epi_dump {
    int output;          /* stays open */
    uint64_t timeout;    /* ns for all of it, as long as output takes text */
    uint32_t max_frames; /* as in struct epi_config */
    uint32_t max_threads;
    bool native_stack;
    bool all_threads; /* or the calling one alone */
    bool interrupt;   /* ask also threads whose system call will then fail with
                         EINTR; without it their stacks are seen from outside */
};

/* Writes the calling thread's stack and those of the others, as a report
 * without a headline.  The core must be enabled; calls come one at a time.
 *
 * ENODEV: not enabled.  EBUSY: a dump is under way.  ECANCELED: a crash came in
 * between and has taken over.  EBADF: no such output.  EIO: some of the text was
 * not taken.  ETIMEDOUT, EFAULT: a stage was given up, as the text tells. */
int epi_dump(const struct epi_dump *dump);

struct epi_crash;

/* Is CRASH a dump that has to end, because there is a crash now? */
EPI_SAFE bool epi_dump_gives_way(const struct epi_crash *crash);

#endif
