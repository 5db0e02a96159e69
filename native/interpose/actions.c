/* The functions of signals/wrap.h, as shared libraries call them.  In a static program
* only the wrappers of the same names call these, for what is libc's elsewhere. */
#include "interpose.h"
#include "../base/base.h"
#include "../signals/wrap.h"

#include <signal.h>

#ifdef EPI_INTERPOSES

EPI_NEXT(next_sigaction, sigaction);

extern epi_signal_handler bsd_signal(int, epi_signal_handler);
extern int __sigaction(int, const struct sigaction *, struct sigaction *) __attribute__((weak));

/* bsd_signal pulls in an object that needs __sigaction, in glibc and in musl. */
static epi_sigaction_function libcs_sigaction(void)
{
    uintptr_t found = epi_interpose_next(&next_sigaction);
    __asm__ volatile("" : : "r"(bsd_signal));
    return found != 0 ? (epi_sigaction_function)found : __sigaction;
}

EPI_INTERPOSED_FIRST int sigaction(int signal, const struct sigaction *action,
                                   struct sigaction *old)
{
    epi_sigaction_function libcs = libcs_sigaction();
    return epi_interpose_own() ? epi_action_program(signal, action, old, libcs)
                               : libcs(signal, action, old);
}

typedef epi_signal_handler (*setter)(int, epi_signal_handler);

/* Libc's own, where there is one behind this one, keeps what siginterrupt has said: it is
 * called but for the signals that are hidden. */
static setter libcs(struct epi_next *next, int signal)
{
    uintptr_t found = epi_interpose_next(next);
    bool ours = epi_interpose_own() && epi_action_is_hidden(signal);
    return ours ? NULL : (setter)found;
}

EPI_NEXT(next_signal, signal);
EPI_NEXT(next_sysv_signal, sysv_signal);
EPI_NEXT(next___sysv_signal, __sysv_signal);
EPI_NEXT(next_sigset, sigset);

EPI_INTERPOSED_FIRST epi_signal_handler signal(int signal, epi_signal_handler handler)
{
    setter next = libcs(&next_signal, signal);
    return next != NULL ? next(signal, handler)
                        : epi_signal_program(signal, handler, libcs_sigaction());
}

EPI_INTERPOSED epi_signal_handler sysv_signal(int signal, epi_signal_handler handler);
EPI_INTERPOSED epi_signal_handler sysv_signal(int signal, epi_signal_handler handler)
{
    setter next = libcs(&next_sysv_signal, signal);
    return next != NULL ? next(signal, handler)
                        : epi_sysv_signal_program(signal, handler, libcs_sigaction());
}

EPI_INTERPOSED epi_signal_handler __sysv_signal(int signal, epi_signal_handler handler);
EPI_INTERPOSED epi_signal_handler __sysv_signal(int signal, epi_signal_handler handler)
{
    setter next = libcs(&next___sysv_signal, signal);
    return next != NULL ? next(signal, handler)
                        : epi_sysv_signal_program(signal, handler, libcs_sigaction());
}

EPI_INTERPOSED epi_signal_handler sigset(int signal, epi_signal_handler handler)
{
    setter next = libcs(&next_sigset, signal);
    return next != NULL ? next(signal, handler)
                        : epi_sigset_program(signal, handler, libcs_sigaction());
}

EPI_NEXT(next_sigignore, sigignore);

EPI_INTERPOSED int sigignore(int signal)
{
    uintptr_t next = epi_interpose_next(&next_sigignore);
    if (next != 0 && !(epi_interpose_own() && epi_action_is_hidden(signal)))
        return ((int (*)(int))next)(signal);
    struct sigaction action = {.sa_handler = SIG_IGN};
    return sigaction(signal, &action, NULL);
}

static __attribute__((constructor)) void look_up(void)
{
    libcs_sigaction();
    epi_interpose_next(&next_signal);
    epi_interpose_next(&next_sysv_signal);
    epi_interpose_next(&next___sysv_signal);
    epi_interpose_next(&next_sigset);
    epi_interpose_next(&next_sigignore);
}

#endif
