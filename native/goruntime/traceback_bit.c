/* Keeps the bit of runtime.traceback_cache that makes Go end in SIGABRT, and
 * stands in front of Go's handlers of the signals for which the bit would show, or which
 * end the program without a word. */
#include "traceback_bit.h"
#include "goroutines.h"
#include "goside.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../unwind/gostack.h"
#include "../unwind/program.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../record/box.h"
#include "../record/mark.h"
#include "../signals/actions.h"
#include "../signals/asked.h"
#include "../signals/chain.h"
#include "../signals/hosts.h"

#include <stdatomic.h>
#include <string.h>

#define BIT 1u

/* A value that the word never has. */
#define UNKNOWN UINT32_MAX

/* Of the signals that kill a Go program with a dump (runtime/sigtab_linux_generic.go,
 * _SigThrow), those that are not among the seven. */
static const int deadly[] = {SIGQUIT, SIGSTKFLT};

/* The others that may kill a Go program without a word: those that Go dies of, SIGPIPE
 * among them when standard output is closed; and on a C thread all of them
 * (runtime/signal_unix.go, badsignal).  For the black box, as long as there is one. */
static const int silent[] = {SIGHUP,    SIGINT,  SIGTERM, SIGPIPE, SIGALRM,   SIGUSR1,
                             SIGUSR2,   SIGXCPU, SIGXFSZ, SIGIO,   SIGVTALRM, SIGPWR};

/* runtime.traceback_cache, or NULL. */
static EPI_SAFE uint32_t *word(void)
{
    return epi_program.go == NULL ? NULL : (uint32_t *)epi_program.go->traceback;
}

static EPI_SAFE bool swap(uint32_t old, uint32_t new)
{
    return __atomic_compare_exchange_n(word(), &old, new, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

/* The word as it is, and whether the program has written it since the core did:
 * then the bit is the program's.  (A program at the highest level, "system", that
 * changes over to "crash" writes what is there already, and is not noticed.) */
static EPI_SAFE uint32_t look(bool *programs)
{
    const struct epi_traceback_bit *bit = &epi_goside.traceback_bit;
    uint32_t now = __atomic_load_n(word(), __ATOMIC_SEQ_CST);
    *programs = now == bit->ours ? bit->programs : (now & BIT) != 0;
    return now;
}

static EPI_SAFE void set(void)
{
    struct epi_traceback_bit *bit = &epi_goside.traceback_bit;
    bool programs;
    for (int i = 0; i < 100; i++) {
        uint32_t now = look(&programs);
        if (now == bit->ours)
            return;
        bit->programs = programs;
        bit->ours = now | BIT;
        if (swap(now, now | BIT))
            return;
    }
}

static EPI_SAFE void clear(void)
{
    bool programs;
    for (int i = 0; i < 100; i++) {
        uint32_t now = look(&programs);
        if (programs || (now & BIT) == 0 || swap(now, now & ~BIT))
            return;
    }
}

EPI_SAFE bool epi_traceback_bit_programs(void)
{
    bool programs;
    if (word() == NULL)
        return true; /* who else */
    look(&programs);
    return programs;
}

EPI_SAFE bool epi_traceback_bit_enter(void)
{
    struct epi_traceback_bit *bit = &epi_goside.traceback_bit;
    if (!bit->on)
        return false;
    atomic_fetch_add(&bit->inside, 1);
    clear();
    return true;
}

/* Go's handler has returned: it made a panic of the signal, or sent it to a
 * channel.  Another thread that is still inside looks again. */
EPI_SAFE void epi_traceback_bit_leave(bool entered)
{
    struct epi_traceback_bit *bit = &epi_goside.traceback_bit;
    if (!entered)
        return;
    if (atomic_fetch_sub(&bit->inside, 1) != 1 || !bit->on)
        return;
    set();
    if (bit->inside != 0 || !bit->on)
        clear();
}

/* Does Go print a dump, for which it asks for the bit?  Not where it only sends the signal to a
 * channel, or drops it: SIGPIPE comes to a server all the time. */
static EPI_SAFE bool is_deadly(int signal)
{
    for (size_t i = 0; i < EPI_COUNT(deadly); i++)
        if (deadly[i] == signal)
            return true;
    return false;
}

/* To end: what a supervisor, a terminal or a user sends. */
static EPI_SAFE bool is_request(int signal)
{
    return signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGQUIT;
}

/* Leaves in the black box what the signal is about to do.  A write to a socket without
 * a reader raises SIGPIPE too, which Go ignores on its threads; when it dies of one it raises
 * that itself (runtime/signal_unix.go, sigpipe). */
static EPI_SAFE bool mark(int signal, const siginfo_t *info, const ucontext_t *uc)
{
    if (signal == SIGPIPE && info->si_code != SI_TKILL &&
        epi_go_text(epi_program.go, epi_arch_pc(uc)))
        return false;
    return epi_mark_signal(signal, info);
}

/* While a crash is reported Go must not end the process by itself, whatever it
 * prints. */
EPI_SAFE void epi_traceback_bit_chain(const struct epi_sigaction *go, int signal, siginfo_t *info,
                                 void *context)
{
    bool wanted = epi_wanted_by_go(signal);
    bool entered = !wanted && is_deadly(signal) && !epi_crashing() && epi_traceback_bit_enter();
    bool marked = !wanted && mark(signal, info, context);
    bool request = wanted && is_request(signal);
    if (request)
        epi_mark_request(signal, info);
    epi_chain(go, signal, info, context, false);
    if (marked)
        epi_mark_survived();
    /* After it has gone to the channel: the write may take its time. */
    if (request)
        epi_mark_asked();
    epi_traceback_bit_leave(entered);
}

/* A host's handler has handed a fault that it was asked about on to Go, which sends SIGQUIT to
 * its other threads to list their stacks; the one that gets it would end the process.  The
 * helper sees where the thread is that was asking, and reports the fault. */
static EPI_SAFE void let_helper_report(int signal, const siginfo_t *info, const ucontext_t *uc)
{
    const struct epi_options *options = epi_incidents.options;
    struct epi_incident *crash = &epi_process()->crash;
    /* One that the program wants is for its channel, whoever sends it. */
    if (signal != SIGQUIT || info->si_code > 0 || info->si_pid != epi_getpid() ||
        options == NULL || epi_wanted_by_go(signal))
        return;
    /* The same after the report, where there is nothing left to say. */
    if (crash->owner == epi_self() && crash->phase == EPI_PHASE_HOST &&
        !crash->left(crash, uc) && !epi_traceback_bit_programs()) /* EPI_SAFE: host.c's */
        epi_exit(EPI_GO_STATUS);
    /* The kernel prefers the first thread, which may be the one: the host's handler does not
     * block the signal, as Go's own action does. */
    struct epi_evidence *evidence = epi_host_evidence(epi_gettid(), epi_arch_current_sp());
    if (evidence != NULL) {
        evidence->give_up(evidence, "has handed it on to Go", true); /* EPI_SAFE: askhost.c's */
        if (!epi_traceback_bit_programs())
            epi_exit(EPI_GO_STATUS);
        return;
    }
    struct epi_awake awake = {epi_now(), 0};
    while (epi_asked_on_go() && epi_awake(&awake) < 2 * options->deadline) /* to the end of the report, too */
        epi_pause(EPI_MS);
}

/* In front of Go's handler for the deadly signals: its action is the same for all. */
static EPI_SAFE void handler(int signal, siginfo_t *info, void *context)
{
    let_helper_report(signal, info, context);
    epi_traceback_bit_chain(&epi_actions.go, signal, info, context);
}

/* In the place of Go's handler.  Another handler's action, or one that ignores the signal, is
 * left alone. */
static EPI_SAFE void stand_in_front(const int *signals, size_t count)
{
    struct epi_sigaction now, old;
    for (size_t i = 0; i < count; i++) {
        if (!epi_sigaction(signals[i], NULL, &now) || now.handler != epi_actions.go.handler)
            continue;
        now.handler = (uintptr_t)handler;
        if (epi_sigaction(signals[i], &now, &old) && old.handler != epi_actions.go.handler)
            epi_sigaction(signals[i], &old, NULL); /* the program has set it meanwhile */
    }
}

static EPI_SAFE void step_aside(const int *signals, size_t count)
{
    struct epi_sigaction now;
    for (size_t i = 0; i < count; i++)
        if (epi_sigaction(signals[i], NULL, &now) && now.handler == (uintptr_t)handler)
            epi_sigaction(signals[i], &epi_actions.go, NULL);
}

EPI_SAFE void epi_traceback_bit_keep(void)
{
    struct epi_traceback_bit *bit = &epi_goside.traceback_bit;
    if (!bit->on)
        return;
    stand_in_front(deadly, EPI_COUNT(deadly));
    if (epi_box.attached)
        stand_in_front(silent, EPI_COUNT(silent));
    if (!epi_action_holds(SIGABRT))
        clear(); /* signal.Ignore, or a handler that was installed since */
    else if (bit->inside == 0) {
        set();
        if (!bit->on) /* by now: epi_traceback_bit_stop has passed */
            clear();
    }
}

void epi_traceback_bit_start(void)
{
    struct epi_traceback_bit *bit = &epi_goside.traceback_bit;
    if (word() == NULL || epi_actions.go.handler == 0)
        return;
    if (!bit->on)
        bit->ours = UNKNOWN;
    epi_actions_stands_for_go(handler);
    bit->on = true;
    epi_traceback_bit_keep();
}

/* A library that Go's runtime has not taken these signals for leaves them to its host. */
bool epi_traceback_bit_marks(void)
{
    struct epi_sigaction now;
    return epi_goside.traceback_bit.on && epi_sigaction(SIGTERM, NULL, &now) &&
           now.handler > (uintptr_t)SIG_IGN;
}

void epi_traceback_bit_stop(void)
{
    struct epi_traceback_bit *bit = &epi_goside.traceback_bit;
    if (!bit->on)
        return;
    bit->on = false;
    clear();
    bit->ours = UNKNOWN; /* what is written from now on is the program's */
    bit->programs = false;
    step_aside(deadly, EPI_COUNT(deadly));
    step_aside(silent, EPI_COUNT(silent));
}
