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

#endif
