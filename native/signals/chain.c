/* Calls a handler that was there before the core's, as the kernel would have. */
#include "chain.h"
#include "actions.h"
#include "../base/base.h"
#include "../base/system.h"

static EPI_SAFE void call(const struct epi_sigaction *action, int signal, siginfo_t *info,
                          void *context)
{
    if (action->flags & SA_SIGINFO)
        /* EPI_SAFE: what was installed before is not ours to judge */
        ((void (*)(int, siginfo_t *, void *))action->handler)(signal, info, context);
    else
        ((void (*)(int))action->handler)(signal); /* EPI_SAFE: the same */
}

EPI_SAFE void epi_chain_with(const struct epi_sigaction *action, int signal, siginfo_t *info,
                             void *context)
{
    if (action->handler == (uintptr_t)SIG_DFL || action->handler == (uintptr_t)SIG_IGN)
        return;
    epi_sigmask(SIG_SETMASK, action->mask); /* sigreturn undoes it */
    call(action, signal, info, context);
}

EPI_SAFE void epi_chain(const struct epi_sigaction *action, int signal, siginfo_t *info,
                        void *context)
{
    if (action->handler == (uintptr_t)SIG_DFL || action->handler == (uintptr_t)SIG_IGN)
        return;
    uint64_t mask = action->mask;
    if ((action->flags & SA_NODEFER) == 0)
        mask |= epi_mask_of(signal);
    epi_sigmask(SIG_BLOCK, mask); /* sigreturn undoes it */
    call(action, signal, info, context);
}

EPI_SAFE void epi_chain_next(int signal, siginfo_t *info, void *context)
{
    epi_chain(epi_action_turn(signal), signal, info, context);
}
