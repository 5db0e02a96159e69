/* The wrapper of sigaction: -Wl,-wrap, as that of pthread_create (altstack.c). */
#include "actions.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../incident/incident.h"
#include "../incident/process.h"

#include <string.h>

static struct epi_action_owner owners[EPI_OWNERS];

void epi_actions_own(int owner, struct epi_action_owner functions)
{
    owners[owner] = functions;
}

#ifndef EPI_NOWRAP

int __real_sigaction(int signal, const struct sigaction *action, struct sigaction *old);
int __wrap_sigaction(int signal, const struct sigaction *action, struct sigaction *old);

static bool owners_record(int signal, const struct sigaction *action, struct sigaction *old)
{
    for (int i = 0; i < EPI_OWNERS; i++)
        if (owners[i].records != NULL && owners[i].records(signal, action, old))
            return true;
    return false;
}

static bool owners_ignore(int signal)
{
    for (int i = 0; i < EPI_OWNERS; i++)
        if (owners[i].ignored != NULL && owners[i].ignored(signal))
            return true;
    return false;
}

/* Go gives back what it has found there when it took the signal over, which was ours: now
 * or, when the core is off, at once, what was there before Go's takes effect.  Ours would
 * call Go's handler, which passes the signal on to ours (runtime/signal_unix.go, sigfwdgo);
 * also when the core is off, if a C library that has kept ours puts that back. */
static int give_back(int signal, int index, struct sigaction *old)
{
    const struct epi_sigaction *before = &epi_actions.before_taken[index];
    bool on = epi_incidents.options != NULL;
    if (old != NULL)
        __real_sigaction(signal, NULL, old);
    epi_actions.taken[index] = false;
    epi_action_set(&epi_actions.previous[index], before);
    epi_sigaction(signal, on ? &epi_actions.ours[index] : before, NULL);
    return 0;
}

/* Is SIGABRT written down as ignored?  Then who asks is told so. */
static bool abort_ignored(int signal)
{
    int index = epi_fatal_index(SIGABRT);
    struct epi_sigaction now;
    return signal == SIGABRT && epi_incidents.options != NULL &&
           epi_actions.previous[index].handler == (uintptr_t)SIG_IGN &&
           epi_sigaction(signal, NULL, &now) && now.handler == epi_actions.ours[index].handler;
}

/* Go's runtime changes signal actions through libc (runtime/cgo's
 * x_cgo_sigaction), and signal.Ignore() would take SIGABRT away from us: an
 * abort() in C would then kill in silence.  What Go wants for one of the seven
 * is written down as the previous action, which is the one that a signal from
 * outside gets.  In a forked child there is no Go: what is ignored there is meant for
 * the program that it executes. */
int __wrap_sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
    int index = epi_fatal_index(signal);
    if (epi_process_is_child())
        return __real_sigaction(signal, action, old);
    if (action != NULL && owners_record(signal, action, old))
        return 0;
    if (action == NULL && old != NULL &&
        (owners_ignore(signal) || abort_ignored(signal))) {
        memset(old, 0, sizeof *old);
        old->sa_handler = SIG_IGN;
        return 0;
    }
    if (action == NULL || index < 0)
        return __real_sigaction(signal, action, old);
    uintptr_t handler = (uintptr_t)action->sa_handler;
    if (epi_actions.taken[index] && epi_given_back(action, epi_actions.ours[index].handler))
        return give_back(signal, index, old);
    if (epi_incidents.options == NULL)
        return __real_sigaction(signal, action, old);
    bool takes = handler == epi_actions.go_handler && handler != 0;
    bool ignores = signal == SIGABRT && action->sa_handler == SIG_IGN;
    bool ignored = abort_ignored(signal);
    /* One of C that has had it ignored for a while, and saw ours before. */
    bool again = ignored && handler == epi_actions.ours[index].handler;
    bool recorded = takes || ignores || again ||
                    (signal == SIGABRT && epi_stopped_by_go(signal, action));
    struct epi_sigaction now;
    if (!recorded || !epi_sigaction(signal, NULL, &now) ||
        now.handler != epi_actions.ours[index].handler)
        return __real_sigaction(signal, action, old);
    if (old != NULL)
        sigaction(signal, NULL, old);
    if (ignores && !ignored)
        epi_actions.before_ignored = epi_actions.previous[index];
    if (takes && epi_actions.previous[index].handler != epi_actions.go_handler)
        epi_actions.before_taken[index] = epi_actions.previous[index];
    epi_actions.taken[index] = epi_actions.taken[index] || takes;
    now = again ? epi_actions.before_ignored : epi_action_of(action);
    epi_action_set(&epi_actions.previous[index], &now);
    return 0;
}

#endif
