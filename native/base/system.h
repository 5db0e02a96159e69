/* The system calls that several files need, by name. */
#ifndef EPI_SYSTEM_H
#define EPI_SYSTEM_H

#include "base.h"

#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>

static inline EPI_SAFE int epi_getpid(void)
{
    return (int)epi_syscall6(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

static inline EPI_SAFE int epi_gettid(void)
{
    return (int)epi_syscall6(SYS_gettid, 0, 0, 0, 0, 0, 0);
}

/* The calling thread, distinct from a thread of a forked child with the same
 * memory: the process in the upper half, the thread in the lower. */
static inline EPI_SAFE uint64_t epi_self(void)
{
    return (uint64_t)(uint32_t)epi_getpid() << 32 | (uint32_t)epi_gettid();
}

static inline EPI_SAFE uint64_t epi_mask_of(int signal)
{
    return UINT64_C(1) << (signal - 1);
}

static inline EPI_SAFE void epi_sigmask(int how, uint64_t mask)
{
    epi_syscall6(SYS_rt_sigprocmask, how, (long)&mask, 0, sizeof mask, 0, 0);
}

/* The same, and what the mask was before. */
static inline EPI_SAFE uint64_t epi_sigmask_exchange(int how, uint64_t mask)
{
    uint64_t old = 0;
    epi_syscall6(SYS_rt_sigprocmask, how, (long)&mask, (long)&old, sizeof mask, 0, 0);
    return old;
}

/* Those that the calling thread blocks and that have been sent to it or to the process. */
static inline EPI_SAFE uint64_t epi_pending(void)
{
    uint64_t pending = 0;
    epi_syscall6(SYS_rt_sigpending, (long)&pending, sizeof pending, 0, 0, 0, 0);
    return pending;
}

/* Both may be NULL, as for sigaction. */
static inline EPI_SAFE bool epi_sigaction(int signal, const struct epi_sigaction *action,
                                          struct epi_sigaction *old)
{
    long error =
        epi_syscall6(SYS_rt_sigaction, signal, (long)action, (long)old, sizeof(uint64_t), 0, 0);
    epi_written(old, sizeof *old);
    return error == 0;
}

static inline EPI_SAFE bool epi_sigqueue(int tid, int signal, const siginfo_t *info)
{
    return epi_syscall6(SYS_rt_tgsigqueueinfo, epi_getpid(), tid, signal, (long)info, 0, 0) == 0;
}

/* What linux/futex.h defines: the kernel's headers are not among those of a C
 * library, and musl's compiler wrapper does not find them. */
enum {
    EPI_FUTEX_WAIT_PRIVATE = 0 | 128,
    EPI_FUTEX_WAKE_PRIVATE = 1 | 128,
};

/* TIMEOUT may be NULL. */
static inline EPI_SAFE void epi_futex_wait(_Atomic(uint32_t) *word, uint32_t seen,
                                           const struct timespec *timeout)
{
    epi_syscall6(SYS_futex, (long)word, EPI_FUTEX_WAIT_PRIVATE, seen, (long)timeout, 0, 0);
}

static inline EPI_SAFE void epi_futex_wake_all(_Atomic(uint32_t) *word)
{
    epi_syscall6(SYS_futex, (long)word, EPI_FUTEX_WAKE_PRIVATE, INT_MAX, 0, 0, 0);
}

/* The end that nothing can refuse. */
static inline EPI_SAFE _Noreturn void epi_exit(int status)
{
    for (;;)
        epi_syscall6(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

#endif
