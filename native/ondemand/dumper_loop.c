/* A thread of C, with all signals blocked but those of faults, that waits on the monotonic clock: it
 * needs no goroutine, no P, no lock and no memory that another thread could be
 * in the way of, so it gets to its work in a process where nothing else does.
 *
 * All that is dumped here comes one after the other, which loses nothing: there is
 * one turn for dumps anyway (dump.c).
 *
 * It is a thread like any other to the scheduler.  Where only this program's threads
 * are busy, it has a CPU within a tick or two of its time.  Where other programs are
 * busy as well, it may be late by much more: the kernel shares a CPU among control
 * groups, or sessions (kernel/sched/autogroup.c), before it looks which thread of
 * them is to run.  So nothing that a thread may ask for makes the worst better: a
 * short slice (sched_setattr, since Linux 6.12), a higher priority by nice, less
 * timer slack, to wake up before the time.  A real-time policy does, and is for who
 * runs the program to give. */
#include "dumper.h"
#include "ondemand.h"
#include "timers.h"
#include "usersignal.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../threads/service.h"

#include <stdatomic.h>

#define NEVER UINT64_MAX

/* Who wakes up later than this after its time was not late: the process was
 * stopped, or got no CPU at all. */
#define LATE (100 * EPI_MS)

/* For how long the process did not run meanwhile. */
static EPI_SAFE uint64_t sleep_until(uint32_t seen, uint64_t due)
{
    uint64_t now = epi_now();
    if (due <= now)
        return 0;
    struct timespec timeout = epi_timespec(due - now);
    epi_futex_wait(&epi_ondemand.dumper.word, seen, due == NEVER ? NULL : &timeout);
    now = epi_now();
    return due < now && now - due > LATE ? now - due : 0;
}

EPI_SAFE void *epi_dumper(void *unused)
{
    epi_service_introduce(EPI_SERVICE_DUMPER);
    for (uint64_t overslept = 0;;) {
        /* Both before it looks what is due: who adds something afterwards
         * changes the word, and the sleep ends at once. */
        epi_ondemand.dumper.until = NEVER;
        uint32_t seen = epi_ondemand.dumper.word;
        uint64_t due = epi_timers_run(overslept);
        if (epi_usersignal_serve())
            due = 0; /* there may be another one */
        epi_ondemand.dumper.until = due;
        overslept = sleep_until(seen, due);
    }
    return unused;
}
