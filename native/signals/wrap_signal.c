/* The older functions that set an action.  libc's call its own sigaction past any wrapper,
 * so for a signal whose action the core hides (wrap.c) they are done here. */
#include "wrap.h"
#include "../base/base.h"

#include <errno.h>
#include <string.h>

#ifndef EPI_NOWRAP

#ifdef __GLIBC__
#define BLOCKS_ITSELF true
#else /* musl */
#define BLOCKS_ITSELF false
#endif

static epi_signal_handler set(int signal, epi_signal_handler handler, unsigned flags,
                              bool blocks, epi_sigaction_function libcs)
{
    struct sigaction action, old;
    if (handler == SIG_ERR) {
        errno = EINVAL;
        return SIG_ERR;
    }
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = (int)flags;
    if (blocks)
        sigaddset(&action.sa_mask, signal);
    return epi_action_program(signal, &action, &old, libcs) == 0 ? old.sa_handler : SIG_ERR;
}

epi_signal_handler epi_signal_program(int signal, epi_signal_handler handler,
                                      epi_sigaction_function libcs)
{
    return set(signal, handler, SA_RESTART, BLOCKS_ITSELF, libcs);
}

epi_signal_handler epi_sysv_signal_program(int signal, epi_signal_handler handler,
                                           epi_sigaction_function libcs)
{
    return set(signal, handler, (unsigned)SA_RESETHAND | SA_NODEFER, false, libcs);
}

epi_signal_handler epi_sigset_program(int signal, epi_signal_handler handler,
                                      epi_sigaction_function libcs)
{
    struct sigaction now;
    sigset_t mask, before;
    bool holds = handler == SIG_HOLD;
    epi_signal_handler old;
    sigemptyset(&mask);
    sigaddset(&mask, signal);
    if (holds)
        old = epi_action_program(signal, NULL, &now, libcs) == 0 ? now.sa_handler : SIG_ERR;
    else /* first: what is pending is the new handler's */
        old = set(signal, handler, 0, false, libcs);
    if (old == SIG_ERR || sigprocmask(holds ? SIG_BLOCK : SIG_UNBLOCK, &mask, &before) != 0)
        return SIG_ERR;
    return sigismember(&before, signal) ? SIG_HOLD : old;
}

int __real_sigaction(int signal, const struct sigaction *action, struct sigaction *old);

/* Not every libc has all of them.  What is never called is not missed. */
__attribute__((weak)) epi_signal_handler __real_signal(int, epi_signal_handler);
epi_signal_handler __wrap_signal(int signal, epi_signal_handler handler);
__attribute__((weak)) epi_signal_handler __real_sysv_signal(int, epi_signal_handler);
epi_signal_handler __wrap_sysv_signal(int signal, epi_signal_handler handler);
__attribute__((weak)) epi_signal_handler __real___sysv_signal(int, epi_signal_handler);
epi_signal_handler __wrap___sysv_signal(int signal, epi_signal_handler handler);
__attribute__((weak)) epi_signal_handler __real_sigset(int, epi_signal_handler);
epi_signal_handler __wrap_sigset(int signal, epi_signal_handler handler);
__attribute__((weak)) int __real_sigignore(int signal);
int __wrap_sigignore(int signal);

static bool own(int signal, bool libcs)
{
    return epi_action_is_hidden(signal) || !libcs;
}

epi_signal_handler __wrap_signal(int signal, epi_signal_handler handler)
{
    return own(signal, __real_signal != NULL)
               ? epi_signal_program(signal, handler, __real_sigaction)
               : __real_signal(signal, handler);
}

epi_signal_handler __wrap_sysv_signal(int signal, epi_signal_handler handler)
{
    return own(signal, __real_sysv_signal != NULL)
               ? epi_sysv_signal_program(signal, handler, __real_sigaction)
               : __real_sysv_signal(signal, handler);
}

epi_signal_handler __wrap___sysv_signal(int signal, epi_signal_handler handler)
{
    return own(signal, __real___sysv_signal != NULL)
               ? epi_sysv_signal_program(signal, handler, __real_sigaction)
               : __real___sysv_signal(signal, handler);
}

epi_signal_handler __wrap_sigset(int signal, epi_signal_handler handler)
{
    return own(signal, __real_sigset != NULL)
               ? epi_sigset_program(signal, handler, __real_sigaction)
               : __real_sigset(signal, handler);
}

int __wrap_sigignore(int signal)
{
    if (!own(signal, __real_sigignore != NULL))
        return __real_sigignore(signal);
    return set(signal, SIG_IGN, 0, false, __real_sigaction) == SIG_ERR ? -1 : 0;
}

EPI_SAFE bool epi_action_is_wrapped(void)
{
    uintptr_t called = (uintptr_t)signal;
    __asm__("" : "+r"(called)); /* the compiler knows that two functions are not the same */
    return called == (uintptr_t)__wrap_signal;
}

#else

EPI_SAFE bool epi_action_is_wrapped(void)
{
    return false;
}

#endif
