/* The wrapper of sigaction: -Wl,-wrap, as that of pthread_create (altstack.c).
 *
 * Go's runtime changes signal actions through libc (runtime/cgo's x_cgo_sigaction), and
 * would take signals away from the core: signal.Ignore() SIGABRT, so that an abort() in C
 * kills in silence, and signal.Notify a signal that asks for a dump.  What happens to a
 * signal that the core has claimed is one of these:
 *
 *   Go takes it ........ signal.Notify of one that Go has not handled so far
 *   Go gives it back ... signal.Stop or Reset: what Notify has found, which was ours
 *   Go stops ........... the same, when Go took it before the core did: the default
 *   somebody ignores it, sets the default, or installs a handler of his own
 *
 *   a host's handler sets the default, in the middle of a fault that it was asked about: to
 *     die of it
 *
 * What the core has to know is written down as the next action, and ours stays in place;
 * the rest is done as it was asked for.  In a forked child there is no Go: what is ignored
 * there is meant for the program that it executes. */
#include "actions.h"
#include "asked.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../incident/incident.h"
#include "../incident/process.h"

#include <string.h>

#ifndef EPI_NOWRAP

#ifndef SA_RESTORER
#define SA_RESTORER 0x04000000
#endif

/* What a role has written down besides what Go takes and gives back. */
enum {
    IGNORED = 1, /* the signal is ignored */
    STOPPED = 2, /* signal.Stop sets the default.  Else the default action is another
                    matter: who sets that is about to raise the signal, and to die of it */
    DEFAULT = 4, /* anybody sets the default: the core's next signal would kill */
    AGAIN = 8,   /* what Go takes, also when ours was not in place: it is then */
};
static const unsigned policies[] = {
    [EPI_ROLE_ABORT] = IGNORED | STOPPED,
    [EPI_ROLE_SERVICE] = IGNORED | DEFAULT,
    [EPI_ROLE_DUMP] = IGNORED | STOPPED | AGAIN,
};

int __real_sigaction(int signal, const struct sigaction *action, struct sigaction *old);
int __wrap_sigaction(int signal, const struct sigaction *action, struct sigaction *old);

/* With libc's restorer.  An action without one is of no use to the kernel: its handler's
 * signal ends in SIGSEGV (arch/x86/kernel/signal_64.c, x64_setup_rt_frame). */
static struct epi_sigaction action_of(const struct sigaction *action)
{
    struct epi_sigaction result = {
        .handler = (uintptr_t)action->sa_handler,
        .flags = (unsigned)action->sa_flags | SA_RESTORER,
        .restorer = epi_actions.common.restorer,
        .mask = *(const uint64_t *)(const void *)&action->sa_mask,
    };
    return result;
}

/* 32 to 34, which sigaddset of a C library refuses. */
#define LIBCS (UINT64_C(7) << 31)

/* Is this signal.Stop, or Reset, of a SIGNAL that Go took over in a library before the core
 * did?  Then Go puts back the default action, which it also sets to die of a signal.
 * While a channel wants the signal, Go dies only of a SIGABRT, which it raises first; the
 * channel is forgotten afterwards (runtime/sigqueue.go, signal_disable).  Go has the same
 * flags and a full mask for every action (runtime/os_linux.go, setsig), C hardly with the
 * default one. */
static bool stopped_by_go(int signal, const struct epi_sigaction *action)
{
    return (action->mask | LIBCS) == ~UINT64_C(0) &&
           action->flags == (SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_RESTORER) &&
           epi_wanted_by_go(signal) && epi_actions.go_raised == 0;
}

/* Would SIGNAL be ignored if it were not the core's?  Who asks is told so: Go asks before
 * it takes a signal over, and treats one that was ignored in its own way. */
static bool ignored(int signal)
{
    return (policies[epi_actions.slot[signal].role] & IGNORED) != 0 &&
           epi_action_next(signal)->handler == (uintptr_t)SIG_IGN && epi_action_holds(signal);
}

/* A handler of the host's that was asked about a fault is about to raise it again.  With ours
 * in place that comes to the core; and should it jump out after all, so does the next fault. */
static bool host_gives_up(void)
{
    return epi_asked_evidence(epi_gettid()) != NULL;
}

enum event { NOTHING, TAKEN, GIVEN_BACK, IGNORES, HEEDS, DEFAULTS };

/* What becomes of SIGNAL with the ACTION that somebody sets.  NOTHING: it is not written
 * down. */
static enum event event(int signal, const struct epi_sigaction *action, bool in_place)
{
    const struct epi_action *slot = &epi_actions.slot[signal];
    unsigned policy = policies[slot->role];
    /* Go's flags are its own (runtime/os_linux.go, setsig); ours have SA_NODEFER, also when
     * C puts back what it has saved: behind that Go's handler is as it was. */
    bool ours = action->handler == slot->ours.handler;
    if (ours && slot->go_has_ours && (action->flags & (unsigned)SA_NODEFER) == 0)
        return GIVEN_BACK;
    if (slot->role == EPI_ROLE_NONE)
        return NOTHING;
    if (action->handler == epi_actions.go.handler && action->handler != 0)
        return in_place || (policy & AGAIN) != 0 ? TAKEN : NOTHING;
    if (!in_place)
        return NOTHING;
    if (action->handler == (uintptr_t)SIG_IGN)
        return (policy & IGNORED) != 0 ? IGNORES : NOTHING;
    if (action->handler == (uintptr_t)SIG_DFL)
        return (policy & DEFAULT) != 0 || host_gives_up() ||
                       ((policy & STOPPED) != 0 && stopped_by_go(signal, action))
                   ? DEFAULTS
                   : NOTHING;
    /* One of C that has had it ignored for a while, and saw ours before. */
    return ours && ignored(signal) ? HEEDS : NOTHING;
}

/* Somebody sets ACTION.  True when that was written down, and is not to be done.
 *
 * When Go gives back ours, that calls Go's handler next, which passes the signal on to ours
 * (runtime/signal_unix.go, sigfwdgo); also when the core is off, if a C library that has
 * kept ours puts that back.  So what was there before Go's becomes the next; now or, when
 * the core is off, at once. */
static bool changed(int signal, const struct sigaction *action, struct sigaction *old)
{
    struct epi_action *slot = &epi_actions.slot[signal];
    if (slot->ours.handler == 0) /* it never was the core's */
        return false;
    const struct epi_sigaction *so_far = epi_action_next(signal);
    struct epi_sigaction next = action_of(action);
    bool in_place = epi_action_holds(signal), was_ignored = ignored(signal);
    enum event what = event(signal, &next, in_place);
    if (what == NOTHING)
        return false;
    if (old != NULL)
        sigaction(signal, NULL, old);
    if (what == TAKEN) {
        if (so_far->handler != epi_actions.go.handler)
            slot->before_go = *so_far;
        slot->go_has_ours = true;
    } else if (what == GIVEN_BACK) {
        slot->go_has_ours = false;
        next = slot->before_go;
    } else if (what == IGNORES && !was_ignored) {
        slot->before_ignored = *so_far;
    } else if (what == HEEDS) {
        next = slot->before_ignored;
    }
    epi_action_set_next(slot, &next);
    if (slot->role == EPI_ROLE_NONE)
        epi_sigaction(signal, &next, NULL);
    else if (!in_place)
        epi_sigaction(signal, &slot->ours, NULL);
    return true;
}

int __wrap_sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
    if (epi_process_is_child() || signal < 1 || signal > EPI_SIGNALS)
        return __real_sigaction(signal, action, old);
    if (action != NULL)
        return changed(signal, action, old) ? 0 : __real_sigaction(signal, action, old);
    if (old == NULL || !ignored(signal))
        return __real_sigaction(signal, action, old);
    memset(old, 0, sizeof *old);
    old->sa_handler = SIG_IGN;
    return 0;
}

/* Only in a host's handler that is being asked; else libc's sets the action by itself, as
 * ever. */
typedef void (*plain_handler)(int);
plain_handler __real_signal(int signal, plain_handler handler);
plain_handler __wrap_signal(int signal, plain_handler handler);

plain_handler __wrap_signal(int signal, plain_handler handler)
{
    struct sigaction action, old;
    if (handler != SIG_DFL || signal < 1 || signal > EPI_SIGNALS ||
        epi_actions.slot[signal].role == EPI_ROLE_NONE || !host_gives_up())
        return __real_signal(signal, handler);
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    return changed(signal, &action, &old) ? old.sa_handler : __real_signal(signal, handler);
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
