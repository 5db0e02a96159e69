/* See lock.h.  In a forked child it is free: the word is wiped there (incident/process.h). */
#include "lock.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../incident/process.h"

#include <signal.h>
#include <stdatomic.h>

#define PAUSE (EPI_MS / 20)

/* Whoever holds the lock makes some system calls, but may get no processor for a while. */
#define MOST_WAIT (100 * EPI_MS)

EPI_SAFE bool epi_actions_try_lock(void)
{
    return !atomic_exchange(&epi_process()->changing_action, true);
}

EPI_SAFE bool epi_actions_await_lock(void)
{
    uint64_t end = epi_now() + MOST_WAIT;
    while (!epi_actions_try_lock()) {
        if (epi_now() >= end)
            return false;
        epi_pause(PAUSE);
    }
    return true;
}

EPI_SAFE void epi_actions_end_try(void)
{
    epi_process()->changing_action = false;
}

uint64_t epi_actions_lock(void)
{
    /* SIGSYS stays open: a filter may have calls done by a handler. */
    uint64_t before = epi_sigmask_exchange(SIG_SETMASK, ~epi_mask_of(SIGSYS));
    struct timespec pause = epi_timespec(PAUSE);
    while (!epi_actions_try_lock())
        epi_syscall6(SYS_nanosleep, (long)&pause, 0, 0, 0, 0, 0);
    return before;
}

void epi_actions_unlock(uint64_t mask)
{
    epi_actions_end_try();
    epi_sigmask(SIG_SETMASK, mask);
}
