/* Calls a handler that was there before the core's, as the kernel would have.
 *
 * The mask matters most for a handler of C that does not return: plain longjmp keeps no mask,
 * so the thread goes on with the one that the handler had.  The core's own, which blocks
 * nearly everything, would stay for ever: no SIGTERM, no timer, and on a Go thread no
 * preemption, for which the next collection waits. */
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

EPI_SAFE uint64_t epi_chain_blocked(void)
{
    uint64_t mask = 0;
    epi_syscall6(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&mask, sizeof mask, 0, 0);
    return mask;
}

EPI_SAFE uint64_t epi_chain_mask(const struct epi_sigaction *action, int signal,
                                 const ucontext_t *uc, bool called)
{
    uint64_t mask = *(const uint64_t *)(const void *)&uc->uc_sigmask | action->mask;
    if (called)
        mask |= epi_chain_blocked();
    return (action->flags & SA_NODEFER) != 0 ? mask : mask | epi_mask_of(signal);
}

EPI_SAFE void epi_chain_with(const struct epi_sigaction *action, uint64_t mask, int signal,
                             siginfo_t *info, void *context)
{
    if (action->handler == (uintptr_t)SIG_DFL || action->handler == (uintptr_t)SIG_IGN)
        return;
    epi_sigmask(SIG_SETMASK, mask); /* sigreturn undoes it */
    call(action, signal, info, context);
}

/* Is more blocked than the kernel would block for the core's handler?  Then one in front has
 * called that, by a jump perhaps, which EPI_CALLED does not see. */
static EPI_SAFE bool behind_another(uint64_t blocked, int signal, const ucontext_t *uc)
{
    uint64_t expected = *(const uint64_t *)(const void *)&uc->uc_sigmask |
                        epi_actions.common.mask | epi_mask_of(signal);
    return (blocked & ~expected) != 0;
}

EPI_SAFE void epi_chain(const struct epi_sigaction *action, int signal, siginfo_t *info,
                        void *context, bool called)
{
    uint64_t blocked = epi_chain_blocked();
    /* Go's handler returns, or ends the process; it runs with what is blocked here. */
    bool keeps = called || action->handler == epi_actions.go.handler ||
                 behind_another(blocked, signal, context);
    epi_chain_with(action, epi_chain_mask(action, signal, context, keeps), signal, info,
                   context);
    epi_sigmask(SIG_SETMASK, blocked);
}

EPI_SAFE void epi_chain_next(int signal, siginfo_t *info, void *context, bool called)
{
    epi_chain(epi_action_turn(signal), signal, info, context, called);
}

EPI_SAFE void epi_chain_call(const struct epi_sigaction *action, int signal, siginfo_t *info,
                             void *context)
{
    call(action, signal, info, context);
}
