/* The thread that dumps when no thread of the program can: at a time, or because a
 * signal asked for it. */
#ifndef EPI_DUMPER_H
#define EPI_DUMPER_H

#include "../base/base.h"

struct epi_dumper {
    _Atomic uint32_t word;  /* it sleeps on this; a change wakes it */
    _Atomic uint64_t until; /* monotonic: sooner things are worth a wake-up */
};

/* Starts it unless this process has it; 0 or an errno value.  It lives as long as
 * the process. */
int epi_dumper_start(void);

/* Tells it that there is something to do.  Anywhere, any time: two system calls
 * at most. */
EPI_SAFE void epi_dumper_wake(void);

/* The same for something that is due at a time which is in force already. */
EPI_SAFE void epi_dumper_wake_for(uint64_t due);

/* What the thread runs (dumper_loop.c). */
EPI_SAFE void *epi_dumper(void *unused);

#endif
