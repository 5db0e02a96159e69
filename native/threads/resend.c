/* The siginfo of kill and tgkill (si_code SI_USER, SI_TKILL) cannot be sent by another
 * thread than the first (kernel/signal.c, do_rt_sigqueueinfo: EPERM).  Then the signal is
 * sent by kill, whose sender is this process, and the first sender is kept until it
 * arrives.  Of each signal one at most is pending, so one place will do. */
#include "resend.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/system.h"
#include "../signals/actions.h"

#include <stdatomic.h>

enum { EMPTY, BUSY, FULL };

static struct {
    _Atomic int state;
    siginfo_t info;
} kept[EPI_SIGNALS + 1];

static EPI_SAFE bool take(int signal, int from)
{
    return atomic_compare_exchange_strong(&kept[signal].state, &from, BUSY);
}

EPI_SAFE void epi_resend(int signal, const siginfo_t *info)
{
    int pid = epi_getpid();
    if (epi_syscall6(SYS_rt_sigqueueinfo, pid, signal, (long)info, 0, 0, 0) == 0)
        return;
    if (take(signal, EMPTY) || take(signal, FULL)) { /* or another thread is at it, just now */
        epi_copy(&kept[signal].info, info, sizeof *info);
        kept[signal].state = FULL;
    }
    epi_syscall6(SYS_kill, pid, signal, 0, 0, 0, 0);
}

EPI_SAFE EPI_ON_FAULT siginfo_t *epi_resent(int signal, siginfo_t *info, siginfo_t *room)
{
    if (info->si_code != SI_USER || info->si_pid != epi_getpid() || !take(signal, FULL))
        return info;
    epi_copy(room, &kept[signal].info, sizeof *room);
    kept[signal].state = EMPTY;
    return room;
}

void epi_resent_waited(int signal, siginfo_t *info)
{
    siginfo_t room;
    if (signal <= 0 || signal > EPI_SIGNALS)
        return;
    if (info != NULL)
        *info = *epi_resent(signal, info, &room);
    else if (take(signal, FULL)) /* nobody asks: it would be the sender of a later one */
        kept[signal].state = EMPTY;
}
