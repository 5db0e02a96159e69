/* The functions of libc that masks.h is about, for the objects of this link
 * (-Wl,-wrap, as create.c). */
#include "masks.h"
#include "resend.h"
#include "../base/base.h"

#include <errno.h>
#include <sys/signalfd.h>

#ifndef EPI_NOWRAP

#define WRAP(result, name, ...)                                                                \
    result __real_##name(__VA_ARGS__);                                                         \
    result __wrap_##name(__VA_ARGS__);                                                         \
    result __wrap_##name(__VA_ARGS__)

WRAP(int, pthread_sigmask, int how, const sigset_t *set, sigset_t *old)
{
    return epi_mask_change(how, set, old);
}

WRAP(int, sigprocmask, int how, const sigset_t *set, sigset_t *old)
{
    int error = epi_mask_change(how, set, old);
    if (error != 0)
        errno = error;
    return error == 0 ? 0 : -1;
}

WRAP(int, sigwait, const sigset_t *set, int *signal)
{
    epi_mask_wait(set);
    int error = __real_sigwait(set, signal);
    if (error == 0)
        epi_resent_waited(*signal, NULL);
    return error;
}

WRAP(int, sigwaitinfo, const sigset_t *set, siginfo_t *info)
{
    epi_mask_wait(set);
    int signal = __real_sigwaitinfo(set, info);
    epi_resent_waited(signal, info);
    return signal;
}

WRAP(int, sigtimedwait, const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
    epi_mask_wait(set);
    int signal = __real_sigtimedwait(set, info, timeout);
    epi_resent_waited(signal, info);
    return signal;
}

WRAP(int, signalfd, int fd, const sigset_t *set, int flags)
{
    epi_mask_wait(set);
    return __real_signalfd(fd, set, flags);
}

#endif
