/* Time, by raw system calls: the vDSO's data may be what is damaged. */
#ifndef EPI_CLOCK_H
#define EPI_CLOCK_H

#include "base.h"
#include "system.h"

#include <sys/syscall.h>
#include <time.h>

#define EPI_MS UINT64_C(1000000)
#define EPI_SECOND UINT64_C(1000000000)

static inline EPI_SAFE uint64_t epi_clock(clockid_t clock)
{
    struct timespec ts = {0, 0};
    epi_syscall6(SYS_clock_gettime, clock, (long)&ts, 0, 0, 0, 0);
    return (uint64_t)ts.tv_sec * EPI_SECOND + (uint64_t)ts.tv_nsec;
}

/* The clock of the processor time of thread TID of this process (include/linux/posix-timers.h,
 * make_thread_cpuclock). */
static inline EPI_SAFE clockid_t epi_thread_clock(int tid)
{
    return (clockid_t)(~(unsigned)tid << 3 | 6);
}

/* Nanoseconds on the monotonic clock. */
static inline EPI_SAFE uint64_t epi_now(void)
{
    return epi_clock(CLOCK_MONOTONIC);
}

static inline EPI_SAFE struct timespec epi_timespec(uint64_t ns)
{
    struct timespec ts = {(time_t)(ns / EPI_SECOND), (long)(ns % EPI_SECOND)};
    return ts;
}

/* Sleeps for NS nanoseconds, or until a signal comes. */
static inline EPI_SAFE void epi_pause(uint64_t ns)
{
    struct timespec time = epi_timespec(ns);
    epi_syscall6(SYS_ppoll, 0, 0, (long)&time, 0, 0, 0);
}

/* More than the pauses of a loop take on a busy machine. */
#define EPI_STOP (100 * EPI_MS)

/* How long a loop has waited, without the time for which the process was stopped: by SIGSTOP,
 * a debugger, a frozen cgroup, or a machine that slept.  No clock leaves that out, so the loop
 * counts its own rounds, and none as more than EPI_STOP.  It begins with LAST = epi_now(). */
struct epi_awake {
    uint64_t last, waited;
};

static inline EPI_SAFE uint64_t epi_awake(struct epi_awake *awake)
{
    uint64_t now = epi_now(), passed = now - awake->last;
    awake->last = now;
    awake->waited += passed < EPI_STOP ? passed : EPI_STOP;
    return awake->waited;
}

/* The same for a loop that looks at something that changes without notice: each pause is twice as
 * long as the one before, up to MOST. */
static inline EPI_SAFE void epi_pause_longer(uint64_t *ns, uint64_t most)
{
    epi_pause(*ns);
    if (*ns < most)
        *ns *= 2;
}

/* Sleeps until WORD is not SEEN any more and another thread wakes it, or until
 * END on the monotonic clock; or for a moment, for no reason.  False when it is past END. */
static inline EPI_SAFE bool epi_wait(_Atomic(uint32_t) *word, uint32_t seen, uint64_t end)
{
    uint64_t now = epi_now();
    if (now >= end)
        return false;
    struct timespec left = epi_timespec(end - now);
    epi_futex_wait(word, seen, &left);
    return true;
}

#endif
