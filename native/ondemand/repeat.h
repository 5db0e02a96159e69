/* A dump that is repeated.  While it would show the same again it is left out, but
 * for the 2nd, the 6th, the 14th and so on: a program that hangs fills no disk, and
 * a reader sees that it still does. */
#ifndef EPI_REPEAT_H
#define EPI_REPEAT_H

#include "../base/base.h"

struct epi_repeat {
    bool began;        /* one was written: the next may be left out */
    uint64_t shown;    /* the digest of what the last one showed; 0: unknown */
    uint64_t now;      /* of what there is to show now; 0: unknown */
    uint32_t most;     /* how many are left out before one is written all the same */
    uint32_t left_out; /* since the last one that was written */
};

struct epi_incident;

/* A stage of a dump: takes the digest of what it shows, which is known now. */
EPI_SAFE void epi_repeat_digest(struct epi_incident *dump);

/* Is this one left out?  Then it is counted. */
EPI_SAFE bool epi_repeat_leave_out(struct epi_repeat *repeat);

/* It was written, all of it. */
EPI_SAFE void epi_repeat_written(struct epi_repeat *repeat);

/* The next one is written, whatever it shows. */
EPI_SAFE void epi_repeat_restart(struct epi_repeat *repeat);

/* The note that says how many were left out, if any were. */
EPI_SAFE void epi_repeat_note(struct epi_incident *dump);

#endif
