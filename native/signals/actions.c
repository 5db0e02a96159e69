/* The slots of all signals: claiming, releasing and putting back, and the record of
 * whose turn comes next, which handlers read while it changes. */
#include "actions.h"
#include "lock.h"
#include "next.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/system.h"
#include "../memory/peek.h"
#include "../unwind/gostack.h"
#include "../unwind/program.h"

#include <errno.h>
#include <stdatomic.h>

struct epi_actions epi_actions;

const int epi_fatal[EPI_FATAL_COUNT] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
                                        SIGABRT, SIGTRAP, SIGSYS};

EPI_SAFE EPI_ON_FAULT int epi_fatal_index(int signal)
{
    for (int i = 0; i < EPI_FATAL_COUNT; i++)
        if (epi_fatal[i] == signal)
            return i;
    return -1;
}

EPI_SAFE EPI_ON_CRASH uint64_t epi_fatal_mask(void)
{
    uint64_t mask = epi_mask_of(epi_actions.deadline_signal);
    for (int i = 0; i < EPI_FATAL_COUNT; i++)
        mask |= epi_mask_of(epi_fatal[i]);
    return mask;
}

/* ---- who is next ---- */

static const struct epi_sigaction by_default;

EPI_SAFE EPI_ON_FAULT const struct epi_sigaction *epi_action_next(int signal)
{
    const struct epi_sigaction *next = epi_actions.slot[signal].next;
    return next != NULL ? next : &by_default;
}

/* The kernel resets the handler of such an action when it delivers the signal, and nothing else
 * of it (kernel/signal.c, get_signal). */
EPI_SAFE const struct epi_sigaction *epi_action_turn(int signal)
{
    struct epi_action *slot = &epi_actions.slot[signal];
    const struct epi_sigaction *next = slot->next;
    while (next != NULL && next->handler > (uintptr_t)SIG_IGN &&
           (next->flags & (unsigned)SA_RESETHAND) != 0)
        if (atomic_compare_exchange_strong(&slot->next, &next,
                                           &slot->spent[next - slot->record]))
            break;
    return next != NULL ? next : &by_default;
}

/* ---- ours in place ---- */

EPI_SAFE bool epi_action_present(int signal, struct epi_sigaction *action)
{
    if (!epi_sigaction(signal, NULL, action))
        return false;
    if (action->handler == epi_actions.death_handler && action->handler != 0)
        epi_copy(action, &epi_actions.go, sizeof *action);
    return true;
}

/* Did C code install HANDLER? */
static EPI_SAFE EPI_ON_FAULT bool foreign(uintptr_t handler)
{
    return handler > (uintptr_t)SIG_IGN && handler != epi_actions.go.handler;
}

static void claim(int signal, enum epi_role role, const struct epi_sigaction *ours)
{
    struct epi_action *slot = &epi_actions.slot[signal];
    struct epi_sigaction now;
    if (!epi_action_present(signal, &now))
        return;
    bool in_place = now.handler == slot->ours.handler && now.handler != 0;
    bool held = slot->role != EPI_ROLE_NONE;
    slot->ours = *ours;
    slot->role = role;
    if (!held && foreign(now.handler) && now.handler == slot->in_front)
        return;
    bool becomes_next = !in_place && !(held && foreign(now.handler));
    if (becomes_next)
        epi_action_set_next(slot, &now); /* before ours may be called */
    epi_action_follow(slot);
    struct epi_sigaction old;
    if (!epi_sigaction(signal, &slot->ours, &old) || !becomes_next)
        return;
    /* Another thread may have set one since, past the wrapper. */
    if (old.handler == epi_actions.death_handler && old.handler != 0)
        epi_copy(&old, &epi_actions.go, sizeof old);
    if (old.handler != ours->handler && !epi_equal(&old, &now, sizeof now) &&
        epi_action_set_next(slot, &old))
        epi_sigaction(signal, &slot->ours, NULL);
}

void epi_action_claim(int signal, enum epi_role role, const struct epi_sigaction *ours)
{
    uint64_t mask = epi_actions_lock();
    claim(signal, role, ours);
    epi_actions_unlock(mask);
}

/* A library's handler that has come in front of the core's may have saved the core's, and
 * call it: so it does not become the next of a core that is off. */
static void give_way(int signal)
{
    struct epi_action *slot = &epi_actions.slot[signal];
    struct epi_sigaction now, front;
    if (!slot->taken_back)
        return;
    epi_copy(&front, epi_action_next(signal), sizeof front);
    epi_action_set_next(slot, &slot->behind);
    slot->taken_back = false;
    if (epi_sigaction(signal, NULL, &now) && now.handler == slot->ours.handler)
        epi_sigaction(signal, &front, NULL);
}

void epi_actions_give_way(void)
{
    uint64_t mask = epi_actions_lock();
    for (int i = 0; i < EPI_FATAL_COUNT; i++)
        give_way(epi_fatal[i]);
    epi_actions_unlock(mask);
}

static EPI_SAFE void take_back(int signal)
{
    struct epi_action *slot = &epi_actions.slot[signal];
    struct epi_sigaction now;
    if (slot->role == EPI_ROLE_NONE || epi_action_holds(signal) ||
        !epi_action_present(signal, &now))
        return;
    if (now.handler == slot->ours.handler) { /* whoever put it back has lost its flags */
        epi_sigaction(signal, &slot->ours, NULL);
        return;
    }
    if (!slot->taken_back)
        epi_copy(&slot->behind, epi_action_next(signal), sizeof slot->behind);
    slot->taken_back = true;
    epi_action_set_next(slot, &now);
    epi_sigaction(signal, &slot->ours, NULL);
}

EPI_SAFE void epi_action_take_back(int signal)
{
    if (!epi_actions_try_lock())
        return; /* the helper comes again */
    take_back(signal);
    epi_actions_end_try();
}

static void release(int signal)
{
    struct epi_action *slot = &epi_actions.slot[signal];
    struct epi_sigaction now;
    give_way(signal);
    const struct epi_sigaction *next = epi_action_next(signal);
    slot->in_front = 0;
    if (epi_action_present(signal, &now)) {
        if (now.handler == slot->ours.handler)
            epi_sigaction(signal, next, NULL);
        else if (foreign(now.handler) && now.handler != next->handler)
            slot->in_front = now.handler;
    }
    slot->role = EPI_ROLE_NONE;
}

void epi_action_release(int signal)
{
    uint64_t mask = epi_actions_lock();
    release(signal);
    epi_actions_unlock(mask);
}

/* A C library that puts back what signal() gave it has our handler without its flags. */
EPI_SAFE bool epi_action_holds(int signal)
{
    const unsigned long needed = SA_SIGINFO | SA_ONSTACK;
    struct epi_sigaction now;
    return epi_sigaction(signal, NULL, &now) && now.handler != 0 &&
           now.handler == epi_actions.slot[signal].ours.handler &&
           (now.flags & needed) == needed;
}

/* Puts ours in place, in a crash whatever is there.  Else one that is neither the next nor ours
 * has come since the caller looked (past the wrapper), and stays; false then. */
static EPI_SAFE bool put_back(int signal, bool crash)
{
    struct epi_action *slot = &epi_actions.slot[signal];
    struct epi_sigaction old;
    if (slot->role == EPI_ROLE_NONE || epi_action_holds(signal) ||
        !epi_sigaction(signal, &slot->ours, &old) || !foreign(old.handler) ||
        old.handler == slot->ours.handler)
        return true;
    if (!crash && old.handler != epi_action_next(signal)->handler)
        return !epi_sigaction(signal, &old, NULL);
    slot->displaced = old;
    return true;
}

EPI_SAFE void epi_action_return(void)
{
    for (int i = 0; i < EPI_FATAL_COUNT; i++) {
        struct epi_action *slot = &epi_actions.slot[epi_fatal[i]];
        if (slot->displaced.handler != 0 && epi_action_holds(epi_fatal[i]))
            epi_sigaction(epi_fatal[i], &slot->displaced, NULL);
        slot->displaced.handler = 0;
    }
}

/* Has the program taken our handler away for an action that we do not hand on to? */
static EPI_SAFE bool somebodys(int signal)
{
    struct epi_sigaction now;
    return epi_sigaction(signal, NULL, &now) &&
           now.handler != epi_actions.slot[signal].ours.handler &&
           now.handler != epi_actions.go.handler &&
           now.handler != epi_action_next(signal)->handler;
}

static EPI_SAFE bool reassert(bool crash)
{
    bool faults = true;
    for (int i = 0; i < EPI_FATAL_COUNT; i++) {
        int signal = epi_fatal[i];
        bool ours = (crash || !somebodys(signal)) && put_back(signal, crash);
        if (!ours && (signal == SIGSEGV || signal == SIGBUS))
            faults = false;
    }
    for (int i = 0; i < 2; i++) {
        int signal = i == 0 ? epi_actions.deadline_signal : epi_actions.thread_signal;
        if (crash || !somebodys(signal))
            put_back(signal, crash);
    }
    if (crash)
        epi_peek_use_loads();
    return faults;
}

EPI_SAFE bool epi_action_reassert(bool crash)
{
    if (!crash && !epi_actions_await_lock()) /* a crash's own thread may hold it */
        return false;
    bool faults = reassert(crash);
    if (!crash)
        epi_actions_end_try();
    return faults;
}

void epi_actions_put_back(void)
{
    uint64_t mask = epi_actions_lock();
    reassert(false);
    epi_actions_unlock(mask);
}

void epi_action_renew(void)
{
    struct epi_sigaction now;
    uint64_t mask = epi_actions_lock();
    for (int i = 0; i < EPI_FATAL_COUNT; i++)
        if (epi_sigaction(epi_fatal[i], NULL, &now) &&
            (!foreign(now.handler) || now.handler == epi_actions.slot[epi_fatal[i]].ours.handler))
            put_back(epi_fatal[i], false);
    put_back(epi_actions.deadline_signal, true);
    put_back(epi_actions.thread_signal, true);
    if (epi_action_holds(SIGSEGV) && epi_action_holds(SIGBUS))
        epi_peek_use_loads();
    epi_actions_unlock(mask);
}

/* ---- Go's part ---- */

/* Of the words of runtime.sig (runtime/sigqueue.go). */
static EPI_SAFE bool has_bit(uintptr_t words, int signal)
{
    uint32_t word;
    return words != 0 && epi_peek32(&word, words + (uintptr_t)signal / 32 * 4) &&
           (word >> signal % 32 & 1) != 0;
}

EPI_SAFE bool epi_wanted_by_go(int signal)
{
    return epi_program.go != NULL && has_bit(epi_program.go->signal_wanted, signal);
}

EPI_SAFE bool epi_ignored_by_go(int signal)
{
    uintptr_t next = epi_action_next(signal)->handler;
    return next != 0 && next == epi_actions.go.handler && epi_program.go != NULL &&
           has_bit(epi_program.go->signal_ignored, signal);
}

/* The handler that Go has found when it started. */
static EPI_SAFE EPI_ON_FAULT uintptr_t before_go(int signal)
{
    int i = epi_fatal_index(signal);
    uintptr_t before = epi_actions.before_main[i];
    return epi_go_text(epi_program.go, before) ? epi_actions.before_constructors[i] : before;
}

EPI_SAFE EPI_ON_FAULT bool epi_forwarded_by_go(int signal, const siginfo_t *info)
{
    return info->si_code > 0 && (signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE) &&
           before_go(signal) > (uintptr_t)SIG_IGN;
}

EPI_SAFE EPI_ON_FAULT uintptr_t epi_action_hosts(const struct epi_sigaction *action, int signal,
                                                 const siginfo_t *info)
{
    if (!foreign(action->handler) && epi_forwarded_by_go(signal, info))
        return before_go(signal);
    return foreign(action->handler) ? action->handler : 0;
}

/* Before Go's runtime starts, which then calls these handlers for faults in C (runtime.fwdSig):
 * in a program that is main, in a library a constructor without a priority.  That may run
 * before look_late, which finds Go's handler then; look_early runs after each constructor with
 * a priority. Only looks: a handler this early is called instead of Go's, not before it. */
static void look(uintptr_t *handlers)
{
    struct epi_sigaction now;
    for (int i = 0; i < EPI_FATAL_COUNT; i++)
        if (epi_sigaction(epi_fatal[i], NULL, &now))
            handlers[i] = now.handler;
}

static __attribute__((constructor(65534))) void look_early(void)
{
    look(epi_actions.before_constructors);
}

static __attribute__((constructor)) void look_late(void)
{
    look(epi_actions.before_main);
}

/* Go has one handler for all signals, in its text (runtime.cgoSigtramp), with the same flags and
 * mask (runtime/os_linux.go, setsig).  A signal may be ignored by the program, or a library's. */
static struct epi_sigaction find_go_action(void)
{
    struct epi_sigaction now, none = {0};
    for (int signal = 1; signal <= EPI_SIGNALS; signal++)
        if (epi_sigaction(signal, NULL, &now) && epi_go_text(epi_program.go, now.handler))
            return now;
    return none;
}

void epi_actions_stands_for_go(void (*handler)(int, siginfo_t *, void *))
{
    epi_actions.death_handler = (uintptr_t)handler;
}

EPI_SAFE void epi_actions_go_raised(int tid)
{
    epi_actions.go_raised = tid;
}

/* ---- the core's own actions ---- */

/* 1 to 32 have meanings, 33 and 34 belong to C libraries (nptl, musl). */
int epi_action_choose(int wanted, int except)
{
    int most = wanted != 0 ? wanted : 63, least = wanted != 0 ? wanted : 41;
    for (int signal = most; signal >= least; signal--) {
        const struct epi_action *slot = &epi_actions.slot[signal];
        struct epi_sigaction now;
        if (signal != except && slot->role != EPI_ROLE_DUMP &&
            epi_sigaction(signal, NULL, &now) &&
            (!foreign(now.handler) || now.handler == slot->ours.handler))
            return signal;
    }
    return 0;
}

/* The signal by which the C library has every thread take part in setuid, setgid and
 * their kin.  Who calls one of them waits for all threads: none may block it.  The
 * library's handler makes a system call, and is safe anywhere.  Those beside it are no
 * matter: glibc's 32 cancels a thread, in our handler too, and 34 is the program's. */
#ifdef __GLIBC__
#define SETXID 33
#else
#define SETXID 34
#endif

/* Libc's restorer, as the kernel got it with any action that libc installed; debuggers and our
 * own unwinder know it by its CFI.  Asked for once, while the wrapper of sigaction is off. */
static void make_common(void (*handler)(int, siginfo_t *, void *))
{
    struct epi_sigaction present, *common = &epi_actions.common;
    if (common->restorer == 0) {
        struct sigaction action;
        epi_zero(&action, sizeof action);
        action.sa_sigaction = handler;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART;
        sigfillset(&action.sa_mask);
        epi_sigaction(epi_actions.deadline_signal, NULL, &present);
        sigaction(epi_actions.deadline_signal, &action, NULL);
        epi_sigaction(epi_actions.deadline_signal, NULL, common);
        epi_sigaction(epi_actions.deadline_signal, &present, NULL);
    }
    /* One mask for all handlers of the core, so that a jump out of one into
     * another needs to restore none. */
    common->mask = ~epi_fatal_mask() & ~epi_mask_of(SETXID);
}

int epi_actions_prepare(int except, void (*handler)(int, siginfo_t *, void *))
{
    epi_actions.go = find_go_action();
    int signal = epi_action_choose(0, except);
    if (signal == 0)
        return EUSERS;
    epi_actions.deadline_signal = signal;
    make_common(handler);
    return 0;
}

void epi_actions_ask_by(int signal)
{
    epi_actions.thread_signal = signal;
}

struct epi_sigaction epi_action_make(void (*handler)(int, siginfo_t *, void *))
{
    struct epi_sigaction ours = epi_actions.common;
    ours.handler = (uintptr_t)handler;
    return ours;
}
