/* The functions of threads/masks.h, as shared libraries call them.  In a static program
 * only the wrappers of the same names call these, for what is libc's elsewhere. */
#include "interpose.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../threads/masks.h"
#include "../threads/resend.h"

#include <errno.h>
#include <pthread.h>
#include <sys/signalfd.h>

#ifdef EPI_INTERPOSES

#define NAMES(X)                                                                               \
    X(pthread_sigmask) X(sigprocmask) X(sigtimedwait) X(sigwaitinfo) X(sigwait) X(signalfd)

#define DECLARE(libcs) EPI_NEXT(next_##libcs, libcs);
#define LOOK_UP(libcs) epi_interpose_next(&next_##libcs);
NAMES(DECLARE)

#define NEXT(name) ((__typeof__(&name))epi_interpose_next(&next_##name))

/* A library that dlopen loads may make a thread in its constructor and wait for it.  That
 * thread must not call dlsym, which waits for dlopen. */
static __attribute__((constructor)) void look_up(void)
{
    NAMES(LOOK_UP)
    if (epi_interpose_own())
        epi_mask_callers_are_seen();
}

#ifdef __GLIBC__
#define RETRIES   false
#define OWN_CODES false /* one that tgkill sent is as if kill had sent it */
#else                   /* musl */
#define RETRIES   true
#define OWN_CODES true
#endif

/* The system call, as the cancellation point that it is, and what libc makes of it. */
static int timed_wait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
    int type;
    long got;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type);
    do
        got = epi_syscall6(SYS_rt_sigtimedwait, (long)set, (long)info, (long)timeout,
                           sizeof(uint64_t), 0, 0);
    while (got == -EINTR && RETRIES);
    pthread_setcanceltype(type, NULL);
    if (got >= 0) {
        if (info != NULL && info->si_code == SI_TKILL && !OWN_CODES)
            info->si_code = SI_USER;
        return (int)got;
    }
    errno = (int)-got;
    return -1;
}

EPI_INTERPOSED_FIRST int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    __typeof__(&pthread_sigmask) next = NEXT(pthread_sigmask);
    if (next != NULL && !epi_interpose_own())
        return next(how, set, old);
    return epi_mask_change(how, set, old);
}

EPI_INTERPOSED_FIRST int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
    __typeof__(&sigprocmask) next = NEXT(sigprocmask);
    if (next != NULL && !epi_interpose_own())
        return next(how, set, old);
    int error = epi_mask_change(how, set, old);
    if (error != 0)
        errno = error;
    return error == 0 ? 0 : -1;
}

EPI_INTERPOSED_FIRST int sigtimedwait(const sigset_t *set, siginfo_t *info,
                                      const struct timespec *timeout)
{
    __typeof__(&sigtimedwait) next = NEXT(sigtimedwait);
    if (epi_interpose_own())
        epi_mask_wait(set);
    int signal = (next != NULL ? next : timed_wait)(set, info, timeout);
    epi_resent_waited(signal, info);
    return signal;
}

EPI_INTERPOSED_FIRST int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
    __typeof__(&sigwaitinfo) next = NEXT(sigwaitinfo);
    if (epi_interpose_own())
        epi_mask_wait(set);
    int signal = next != NULL ? next(set, info) : timed_wait(set, info, NULL);
    epi_resent_waited(signal, info);
    return signal;
}

EPI_INTERPOSED_FIRST int sigwait(const sigset_t *set, int *signal)
{
    __typeof__(&sigwait) next = NEXT(sigwait);
    int error = 0;
    if (epi_interpose_own())
        epi_mask_wait(set);
    if (next != NULL) {
        error = next(set, signal);
    } else {
        int got;
        do
            got = timed_wait(set, NULL, NULL);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            error = errno;
        else
            *signal = got;
    }
    if (error == 0)
        epi_resent_waited(*signal, NULL);
    return error;
}

EPI_INTERPOSED int signalfd(int fd, const sigset_t *set, int flags)
{
    __typeof__(&signalfd) next = NEXT(signalfd);
    if (epi_interpose_own())
        epi_mask_wait(set);
    if (next != NULL)
        return next(fd, set, flags);
    long got = epi_syscall6(SYS_signalfd4, fd, (long)set, sizeof(uint64_t), flags, 0, 0);
    if (got >= 0)
        return (int)got;
    errno = (int)-got;
    return -1;
}

#endif
