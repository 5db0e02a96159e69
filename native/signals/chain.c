#include "chain.h"
#include "../base/base.h"
#include "../base/system.h"

#include <errno.h>
#include <sys/time.h>

EPI_SAFE void epi_chain(const struct epi_sigaction *action, int signal, siginfo_t *info,
                        void *context)
{
    /* Once: another thread may be changing the action (epi_action_set). */
    uintptr_t handler = __atomic_load_n(&action->handler, __ATOMIC_ACQUIRE);
    if (handler == (uintptr_t)SIG_DFL || handler == (uintptr_t)SIG_IGN)
        return;
    uint64_t mask = action->mask;
    if ((action->flags & SA_NODEFER) == 0)
        mask |= epi_mask_of(signal);
    epi_sigmask(SIG_BLOCK, mask); /* sigreturn undoes it */
    if (action->flags & SA_SIGINFO)
        /* EPI_SAFE: what was installed before is not ours to judge */
        ((void (*)(int, siginfo_t *, void *))handler)(signal, info, context);
    else
        ((void (*)(int))handler)(signal); /* EPI_SAFE: the same */
}

