/* The wrapper of sigaction: -Wl,-wrap, as that of pthread_create (create.c).  The calls of
 * shared libraries come here by package interpose.
 *
 * Of the fatal signals the program sees the next action in place of ours: what it sets
 * becomes the next, and what it reads is the next.  So a library that installs its handler
 * behind the core's back gets its turn after the core, whoever came first; and what it has
 * saved and puts back is not ours.
 *
 * Go's runtime changes signal actions through libc, too (runtime/cgo's x_cgo_sigaction), and
 * would take other signals away from the core, when signal.Notify takes one that asks for a
 * dump.  What happens to such a signal is one of these:
 *
 *   Go takes it ........ signal.Notify of one that Go has not handled so far
 *   Go gives it back ... signal.Stop or Reset: what Notify has found, which was ours
 *   Go stops ........... the same, when Go took it before the core did: the default
*   C code ignores it, sets the default, or installs a handler of its own
 *
 *   a host's handler sets the default, in the middle of a fault that it was asked about: to
 *     die of it
 *
 * What the core has to know is written down as the next action, and ours stays in place;
 * the rest is done as it was asked for.  In a forked child there is no Go: what is ignored
 * there is meant for the program that it executes. */
#include "wrap.h"
#include "actions.h"
#include "asked.h"
#include "lock.h"
#include "next.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../incident/incident.h"
#include "../incident/process.h"

#include <string.h>

#ifndef EPI_NOWRAP

#ifndef SA_RESTORER
#define SA_RESTORER 0x04000000
#endif

/* What a role that the program sees has written down besides what Go takes and gives back. */
enum {
    IGNORED = 1, /* the signal is ignored */
    STOPPED = 2, /* signal.Stop sets the default.  Else the default action is another
                    matter: who sets that is about to raise the signal, and to die of it */
    DEFAULT = 4, /* anybody sets the default: the core's next signal would kill */
    AGAIN = 8,   /* what Go takes, also when ours was not in place: it is then */
};
static const unsigned policies[] = {
    [EPI_ROLE_SERVICE] = IGNORED | DEFAULT,
    [EPI_ROLE_DUMP] = IGNORED | STOPPED | AGAIN,
};

/* Does the program see the next action in place of ours?  Of the others it sees ours, for
 * whoever takes one of them gets it. */
static bool hidden(const struct epi_action *slot)
{
    return slot->role == EPI_ROLE_FAULT || slot->role == EPI_ROLE_ABORT;
}

/* The flag of an action with a restorer, where libc gives its actions one.  On amd64 an action
 * without is of no use to the kernel: its handler's signal ends in SIGSEGV
 * (arch/x86/kernel/signal_64.c, x64_setup_rt_frame).  On arm64 glibc has none, and the flag
 * alone would have handlers return to 0 (arch/arm64/kernel/signal.c, setup_return). */
static unsigned restored(void)
{
    return (unsigned)epi_actions.common.flags & SA_RESTORER;
}

/* As the kernel keeps it (kernel/signal.c, do_sigaction), and with libc's restorer. */
static struct epi_sigaction action_of(const struct sigaction *action)
{
    struct epi_sigaction result = {
        .handler = (uintptr_t)action->sa_handler,
        .flags = (unsigned)action->sa_flags | restored(),
        .restorer = epi_actions.common.restorer,
        .mask = *(const uint64_t *)(const void *)&action->sa_mask &
                ~(epi_mask_of(SIGKILL) | epi_mask_of(SIGSTOP)),
    };
    return result;
}

/* And back, as libc's sigaction tells it. */
static void tell(const struct epi_sigaction *action, struct sigaction *to)
{
    memset(to, 0, sizeof *to);
    to->sa_handler = (void (*)(int))action->handler;
    to->sa_flags = (int)(unsigned)action->flags;
    to->sa_restorer = (void (*)(void))action->restorer;
    *(uint64_t *)(void *)&to->sa_mask = action->mask;
}

/* 32 to 34, which sigaddset of a C library refuses, and two that the kernel leaves out. */
#define LEFT_OUT                                                                               \
    (UINT64_C(7) << 31 | UINT64_C(1) << (SIGKILL - 1) | UINT64_C(1) << (SIGSTOP - 1))

/* Is this signal.Stop, or Reset, of a SIGNAL that Go took over in a library before the core
 * did?  Then Go puts back the default action, which it also sets to die of a signal.
 * While a channel wants the signal, Go dies only of a SIGABRT, which it raises first; the
 * channel is forgotten afterwards (runtime/sigqueue.go, signal_disable).  Go has the same
 * flags and a full mask for every action (runtime/os_linux.go, setsig), C hardly with the
 * default one. */
static bool stopped_by_go(int signal, const struct epi_sigaction *action)
{
    return (action->mask | LEFT_OUT) == ~UINT64_C(0) &&
           action->flags == (SA_SIGINFO | SA_ONSTACK | SA_RESTART | restored()) &&
           epi_wanted_by_go(signal) && epi_actions.go_raised == 0;
}

/* Would SIGNAL be ignored if it were not the core's?  The answer to who asks is yes: Go asks before
 * it takes a signal over, and treats one that was ignored in its own way. */
static bool ignored(int signal)
{
    return (policies[epi_actions.slot[signal].role] & IGNORED) != 0 &&
           epi_action_next(signal)->handler == (uintptr_t)SIG_IGN && epi_action_holds(signal);
}

enum event { NOTHING, TAKEN, GIVEN_BACK, IGNORES, HEEDS, DEFAULTS, SETS };

/* A handler of the host that was asked about a fault is about to raise it again, and sets the
 * default action first.  With ours in place that comes to the core; and should it jump out
 * after all, so does the next fault.  Asked while signals are open: the evidence is looked for
 * by loads that may fault. */
static bool host_gives_up(const struct sigaction *action)
{
    return action->sa_handler == SIG_DFL &&
           epi_asked_evidence(epi_gettid(), epi_arch_current_sp(), NULL) != NULL;
}

/* Go has raised SIGABRT to die of it, lives on, and sets the default for another try
 * (runtime/signal_unix.go, dieFromSignal).  It is to have the status that it would have. */
static bool go_dies(int signal, const struct epi_sigaction *action)
{
    return signal == SIGABRT && action->handler == (uintptr_t)SIG_DFL &&
           epi_actions.go_raised != 0 && epi_actions.go_raised == epi_gettid();
}

/* Of a signal whose action is hidden from the program.  The default is written down like any
 * other action, of SIGABRT too: who sets it may be about to die of it, and does so behind a
 * report; but a library may set all signals to the default when it begins.  A caller that has
 * read ours all the same, by a system call of its own, gets what it asks for. */
static enum event event_of_hidden(int signal, const struct epi_sigaction *action)
{
    uintptr_t ours = epi_actions.slot[signal].ours.handler;
    return action->handler == ours || go_dies(signal, action) ? NOTHING : SETS;
}

/* What becomes of SIGNAL with the ACTION that a caller sets.  NOTHING: it is not written
 * down. */
static enum event event(int signal, const struct epi_sigaction *action, bool in_place,
                        bool gives_up)
{
    const struct epi_action *slot = &epi_actions.slot[signal];
    unsigned policy = policies[slot->role];
    if (hidden(slot))
        return in_place ? event_of_hidden(signal, action) : NOTHING;
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
        return (policy & DEFAULT) != 0 || gives_up ||
                       ((policy & STOPPED) != 0 && stopped_by_go(signal, action))
                   ? DEFAULTS
                   : NOTHING;
    /* One of C that has had it ignored for a while, and saw ours before. */
    return ours && ignored(signal) ? HEEDS : NOTHING;
}

/* A caller sets ACTION.  True when that was written down, and is not to be done.
 *
 * When Go gives back ours, that calls Go's handler next, which passes the signal on to ours
 * (runtime/signal_unix.go, sigfwdgo); also when the core is off, if a C library that has
 * kept ours puts that back.  So what was there before Go's becomes the next; now or, when
 * the core is off, at once. */
static bool changed(int signal, const struct sigaction *action, struct sigaction *old,
                    bool gives_up)
{
    struct epi_action *slot = &epi_actions.slot[signal];
    if (slot->ours.handler == 0) /* it never was the core's */
        return false;
    const struct epi_sigaction *so_far = epi_action_next(signal);
    struct epi_sigaction next = action_of(action);
    bool in_place = epi_action_holds(signal), was_ignored = ignored(signal);
    enum event what = event(signal, &next, in_place, gives_up);
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
    bool anew = epi_action_set_next(slot, &next);
    if (slot->role == EPI_ROLE_NONE)
        epi_sigaction(signal, &next, NULL);
    else if (!in_place || anew)
        epi_sigaction(signal, &slot->ours, NULL);
    return true;
}

static int set(int signal, const struct sigaction *action, struct sigaction *old,
               epi_sigaction_function libcs)
{
    const struct epi_action *slot = &epi_actions.slot[signal];
    if (slot->ours.handler == 0) /* it never was the core's */
        return libcs(signal, action, old);
    /* The caller's memory is touched only while signals are open: it may not be there. */
    struct sigaction copy = *action, before;
    bool gives_up = host_gives_up(&copy);
    uint64_t mask = epi_actions_lock(); /* two threads of libraries may come at once */
    struct epi_sigaction seen = *epi_action_next(signal);
    bool told = old != NULL && hidden(slot) && epi_action_holds(signal);
    bool done = changed(signal, &copy, old != NULL ? &before : NULL, gives_up);
    epi_actions_unlock(mask);
    if (done && old != NULL)
        *old = before;
    /* Which may be the program's own definition (interpose), and come here once more. */
    int result = done ? 0 : libcs(signal, &copy, old);
    if (told && result == 0)
        tell(&seen, old);
    return result;
}

/* A child of fork or vfork gets what it sets.  While that is still ours, it sees the next in
 * its place, too; and where it puts the next back, it gets ours again, which leads there. */
static int set_in_child(int signal, const struct sigaction *action, struct sigaction *old,
                        epi_sigaction_function libcs)
{
    const struct epi_action *slot = &epi_actions.slot[signal];
    const struct epi_sigaction *next = epi_action_next(signal);
    struct epi_sigaction wanted;
    bool puts_back = false;
    if (action != NULL && hidden(slot) && action->sa_handler != SIG_DFL &&
        action->sa_handler != SIG_IGN) {
        wanted = action_of(action);
        puts_back = epi_equal(&wanted, next, sizeof wanted);
    }
    int result = libcs(signal, action, old);
    if (puts_back && result == 0)
        epi_sigaction(signal, &slot->ours, NULL);
    if (old != NULL && result == 0 && hidden(slot) &&
        (uintptr_t)old->sa_handler == slot->ours.handler)
        tell(next, old);
    return result;
}

int epi_action_program(int signal, const struct sigaction *action, struct sigaction *old,
                       epi_sigaction_function libcs)
{
    if (signal < 1 || signal > EPI_SIGNALS)
        return libcs(signal, action, old);
    if (epi_process_is_child())
        return set_in_child(signal, action, old, libcs);
    if (action != NULL)
        return set(signal, action, old, libcs);
    if (old != NULL && hidden(&epi_actions.slot[signal]) && epi_action_holds(signal)) {
        tell(epi_action_next(signal), old);
        return 0;
    }
    if (old == NULL || !ignored(signal))
        return libcs(signal, action, old);
    memset(old, 0, sizeof *old);
    old->sa_handler = SIG_IGN;
    return 0;
}

bool epi_action_is_hidden(int signal)
{
    return signal >= 1 && signal <= EPI_SIGNALS && hidden(&epi_actions.slot[signal]);
}

int __real_sigaction(int signal, const struct sigaction *action, struct sigaction *old);
int __wrap_sigaction(int signal, const struct sigaction *action, struct sigaction *old);

int __wrap_sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
    return epi_action_program(signal, action, old, __real_sigaction);
}

#endif
