#include "actions.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../memory/peek.h"
#include "../unwind/gostack.h"
#include "../unwind/program.h"

#include <stdatomic.h>
#include <string.h>

struct epi_actions epi_actions;

static const int fatal[EPI_FATAL_COUNT] = EPI_FATAL_SIGNALS;

EPI_SAFE int epi_fatal_index(int signal)
{
    for (int i = 0; i < EPI_FATAL_COUNT; i++)
        if (fatal[i] == signal)
            return i;
    return -1;
}

EPI_SAFE uint64_t epi_fatal_mask(void)
{
    uint64_t mask = epi_mask_of(epi_actions.deadline_signal);
    for (int i = 0; i < EPI_FATAL_COUNT; i++)
        mask |= epi_mask_of(fatal[i]);
    return mask;
}

EPI_SAFE bool epi_wanted_by_go(int signal)
{
    const struct epi_goruntime *go = epi_program.go;
    uint32_t word;
    return go != NULL && go->signal_wanted != 0 &&
           epi_peek32(&word, go->signal_wanted + (uintptr_t)signal / 32 * 4) &&
           (word >> signal % 32 & 1) != 0;
}

static EPI_SAFE uintptr_t our_handler(int signal)
{
    int i = epi_fatal_index(signal);
    return i >= 0                                    ? epi_actions.ours[i].handler
           : signal == epi_actions.deadline_signal ? epi_actions.deadline_ours.handler
           : signal == epi_actions.thread_signal   ? epi_actions.thread_ours.handler
                                                   : 0;
}

EPI_SAFE bool epi_action_holds(int signal)
{
    struct epi_sigaction now;
    uintptr_t ours = our_handler(signal);
    return ours != 0 && epi_sigaction(signal, NULL, &now) && now.handler == ours;
}

/* Has the program taken our handler away for an action that we do not hand on to? */
static EPI_SAFE bool somebodys(int i)
{
    struct epi_sigaction now;
    return epi_sigaction(fatal[i], NULL, &now) && now.handler != epi_actions.ours[i].handler &&
           now.handler != epi_actions.go_handler &&
           now.handler != epi_actions.previous[i].handler;
}

static EPI_SAFE void put_back(int signal, const struct epi_sigaction *ours)
{
    struct epi_sigaction now;
    if (epi_sigaction(signal, NULL, &now) && now.handler != ours->handler)
        epi_sigaction(signal, ours, NULL);
}

EPI_SAFE bool epi_reassert(bool crash)
{
    bool faults = true;
    for (int i = 0; i < EPI_FATAL_COUNT; i++) {
        if (crash || !somebodys(i))
            put_back(fatal[i], &epi_actions.ours[i]);
        else if (fatal[i] == SIGSEGV || fatal[i] == SIGBUS)
            faults = false;
    }
    put_back(epi_actions.deadline_signal, &epi_actions.deadline_ours);
    put_back(epi_actions.thread_signal, &epi_actions.thread_ours);
    if (crash)
        epi_peek_use_loads();
    return faults;
}

EPI_SAFE bool epi_forwarded_by_go(int signal, const siginfo_t *info)
{
    return info->si_code > 0 && (signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE) &&
           epi_actions.before_go[epi_fatal_index(signal)] > (uintptr_t)SIG_IGN;
}

bool epi_signal_ours(uintptr_t handler)
{
    return handler != 0 && (handler == epi_actions.stay[0] || handler == epi_actions.stay[1]);
}

/* Before Go's runtime starts, which then calls these handlers for faults in C
 * and tells nobody (runtime.fwdSig).  Only looks: a handler that is installed
 * this early is called instead of Go's, not before it. */
static __attribute__((constructor)) void look_before_go(void)
{
    struct epi_sigaction now;
    for (int i = 0; i < EPI_FATAL_COUNT; i++)
        if (epi_sigaction(fatal[i], NULL, &now))
            epi_actions.before_go[i] = now.handler;
}

/* Libc's restorer, as the kernel got it with any action that libc installed;
 * debuggers and our own unwinder know it by its CFI. */
struct epi_sigaction epi_action_make(void (*handler)(int, siginfo_t *, void *),
                                     const struct epi_sigaction *present)
{
    struct sigaction action;
    struct epi_sigaction ours;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART;
    sigfillset(&action.sa_mask);
    sigaction(epi_actions.deadline_signal, &action, NULL);
    epi_sigaction(epi_actions.deadline_signal, NULL, &ours);
    /* Not yet: that is done with the right mask, and once nothing can fail. */
    epi_sigaction(epi_actions.deadline_signal, present, NULL);
    /* One mask for all handlers of the core, so that a jump out of one into
     * another needs to restore none. */
    ours.mask = ~UINT64_C(0) & ~epi_mask_of(epi_actions.deadline_signal);
    for (int i = 0; i < EPI_FATAL_COUNT; i++)
        ours.mask &= ~epi_mask_of(fatal[i]);
    return ours;
}

#ifndef SA_RESTORER
#define SA_RESTORER 0x04000000
#endif

/* With libc's restorer.  An action without one is of no use to the kernel: its handler's
 * signal ends in SIGSEGV (arch/x86/kernel/signal_64.c, x64_setup_rt_frame). */
struct epi_sigaction epi_action_of(const struct sigaction *action)
{
    struct epi_sigaction result = {
        .handler = (uintptr_t)action->sa_handler,
        .flags = (unsigned)action->sa_flags | SA_RESTORER,
        .restorer = epi_actions.ours[0].restorer,
        .mask = *(const uint64_t *)(const void *)&action->sa_mask,
    };
    return result;
}

void epi_action_set(struct epi_sigaction *to, const struct epi_sigaction *action)
{
    /* Else they do not matter, except to a call of the handler so far. */
    if (action->handler > (uintptr_t)SIG_IGN) {
        to->flags = action->flags;
        to->restorer = action->restorer;
        to->mask = action->mask;
    }
    __atomic_store_n(&to->handler, action->handler, __ATOMIC_RELEASE); /* last */
}

/* With flags of its own (runtime/os_linux.go, setsig); the core's actions have SA_NODEFER. */
bool epi_given_back(const struct sigaction *action, uintptr_t handler)
{
    return (uintptr_t)action->sa_handler == handler && (action->sa_flags & SA_NODEFER) == 0;
}

/* 32 to 34, which sigaddset of a C library refuses. */
#define LIBCS (UINT64_C(7) << 31)

/* While a channel wants the signal, Go dies only of a SIGABRT, which it raises first; the
 * channel is forgotten afterwards (runtime/sigqueue.go, signal_disable).  Go has the same
 * flags and a full mask for every action (runtime/os_linux.go, setsig), C hardly with the
 * default one. */
bool epi_stopped_by_go(int signal, const struct sigaction *action)
{
    const struct epi_sigaction next = epi_action_of(action);
    return next.handler == (uintptr_t)SIG_DFL && (next.mask | LIBCS) == ~UINT64_C(0) &&
           next.flags == (SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_RESTORER) &&
           epi_wanted_by_go(signal) && epi_actions.go_raised == 0;
}

