/* Asking a host's handler first; what its answers mean stands in verdict.c.
 *
 * What is not resolved is reported as it was before the host was asked. */
#include "askend.h"
#include "askhost.h"
#include "host.h"
#include "owner.h"
#include "sent.h"
#include "verdict.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/system.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../signals/actions.h"
#include "../signals/asked.h"
#include "../signals/chain.h"
#include "../signals/hosts.h"
#include "../signals/terminate.h"
#include "../threads/resend.h"
#include "../threads/wake.h"
#include "../report/report.h"

#include <stdatomic.h>

#define NESTED 4

/* ---- giving up ---- */

/* Reports the outermost fault that EVIDENCE is part of.  The host's handler runs on then, or has
 * returned.  Not when the core was switched off in this moment. */
static EPI_SAFE void give_up_by(struct epi_evidence *evidence, const char *answer, bool go_died)
{
    uint64_t self = epi_self();
    struct epi_incident *crash = &epi_process()->crash;
    struct epi_asked *slot = epi_asked_slot(evidence);
    struct epi_evidence *first = evidence;
    epi_sigmask(SIG_BLOCK, epi_actions.common.mask); /* as in the core's handlers */
    for (;; first = first->outer) {
        first->slot = NULL;
        first->reported = true;
        if (first->outer == NULL)
            break;
    }
    if (slot != NULL)
        epi_asked_drop(slot, slot->round);
    while (!epi_crash_take(crash, self) &&
           !epi_crash_park(crash, epi_incidents.options, first->signal, &first->info,
                           epi_evidence_context(first))) {
    }
    if (!epi_crash_begin(crash, first->signal, &first->info, first->uc))
        return;
    epi_copy(&crash->context, first->context, EPI_CONTEXT_SIZE);
    crash->host.handler = first->handler;
    crash->host.answer = answer;
    crash->host.instruction = first->instruction;
    crash->go_failed = go_died; /* it has stopped the world */
    epi_report_on_own_stack(crash);
    epi_action_return(); /* the host may have handlers for while it gives up */
    epi_chain_begin(crash, first->handler);
}

static EPI_SAFE void give_up(struct epi_evidence *evidence, const char *answer)
{
    give_up_by(evidence, answer, false);
}

static EPI_SAFE void give_up_and_die(struct epi_evidence *evidence, const char *answer,
                                     int signal, const siginfo_t *info, ucontext_t *uc)
{
    if (epi_asked_for_go(evidence, uc))
        return;
    give_up(evidence, answer);
    epi_terminate(signal, info, uc);
}

/* ---- calling ---- */

/* Not blocked for a handler that is asked: what a fault raises, or one in the handler would
 * kill in silence, and the deadline's signal. */
static EPI_SAFE uint64_t left_open(void)
{
    return epi_fatal_mask() & ~epi_mask_of(SIGABRT);
}

/* With the mask that the kernel would give it, but for those. */
static EPI_SAFE void call(struct epi_evidence *evidence, int signal, siginfo_t *info, bool called)
{
    const struct epi_sigaction *action = epi_action_turn(signal);
    uint64_t open = epi_asked_circles(evidence->slot, epi_verdict_fault(evidence))
                        ? epi_mask_of(epi_actions.deadline_signal)
                        : left_open();
    uint64_t before = called ? epi_chain_blocked() : 0;
    evidence->blocked = epi_chain_mask(action, signal, evidence->uc, called);
    epi_chain_with(action, evidence->blocked & ~open, signal, info, evidence->uc);
    if (called) /* the handler that has done so goes on */
        epi_sigmask(SIG_SETMASK, before);
}

/* A child of fork has no helper. */
static EPI_SAFE void have_it_watched(void)
{
    struct epi_process *process = epi_process();
    if (process->asked_watched || !process->service[EPI_SERVICE_HELPER].started)
        return;
    process->asked_watched = true;
    epi_helper_wake();
}

/* ---- asking ---- */

/* GO: NULL, or Go's action for the fault, which is of Go's code. */
static EPI_SAFE EPI_ON_FAULT void ask(uintptr_t handler, const struct epi_sigaction *go,
                                      struct epi_evidence *outer, int tid, bool called,
                                      int signal, siginfo_t *info, ucontext_t *uc)
{
    struct epi_evidence evidence;
    epi_evidence_keep(&evidence, signal, info, uc);
    evidence.outer = outer;
    evidence.go = go;
    evidence.handler = handler;
    evidence.give_up = give_up_by;
    evidence.instruction = epi_fault_instruction(info, uc);
    epi_asked_begin(&evidence, tid);
    if (epi_verdict_in_vain(&evidence)) {
        give_up_and_die(&evidence, "has changed nothing", signal, &evidence.info, uc);
        return;
    }
    have_it_watched();
    struct epi_asked *slot = evidence.slot;
    call(&evidence, signal, info, called);
    if (evidence.reported) { /* it gave up, and has thought better of it, perhaps */
        if (!epi_chain_repaired(&epi_process()->crash, uc))
            epi_terminate(signal, &evidence.info, uc);
        else if (slot != NULL && slot->tid == tid)
            epi_verdict_expect_no_more(&evidence, slot);
        return;
    }
    enum epi_verdict answer = epi_verdict_of(&evidence);
    if (answer == EPI_NOT_RESOLVED) {
        give_up_and_die(&evidence, "has changed nothing", signal, &evidence.info, uc);
        return;
    }
    if (answer == EPI_RESOLVED && epi_asked_slot(&evidence) != NULL)
        slot->repeats = 0;
    epi_asked_end(&evidence);
}

EPI_SAFE EPI_ON_FAULT bool epi_host_asked(const struct epi_sigaction *action,
                                          struct epi_evidence *outer, int tid, bool called,
                                          int signal, siginfo_t *info, ucontext_t *uc)
{
    const struct epi_options *options = epi_incidents.options;
    uintptr_t handler = epi_action_hosts(action, signal, info);
    if (handler == 0 || options == NULL ||
        !epi_host_goes_first(options->host_first, handler, signal, epi_arch_pc(uc),
                             epi_sent_does_no_harm(info, uc)))
        return false;
    ask(handler, NULL, outer, tid, called, signal, info, uc);
    return true;
}

EPI_SAFE EPI_ON_FAULT bool epi_host_asked_for_go(const struct epi_sigaction *action,
                                                 const struct epi_sigaction *go, int signal,
                                                 siginfo_t *info, ucontext_t *uc)
{
    const struct epi_options *options = epi_incidents.options;
    uintptr_t handler = epi_action_hosts(action, signal, info);
    if (handler == 0 || options == NULL ||
        !epi_host_goes_first(options->host_first, handler, signal, epi_arch_pc(uc), true))
        return false;
    ask(handler, go, NULL, epi_gettid(), false, signal, info, uc);
    return true;
}

/* ---- while it is being asked ---- */

/* A virtual machine's handler reads memory that may not be there, and resolves that fault,
 * too.  Where the kernel would have called no handler, the process dies of it; but a handler
 * that is known to resolve faults has unblocked them, perhaps, which cannot be known any
 * more. */
static EPI_SAFE bool may_ask_again(const struct epi_evidence *evidence, int signal)
{
    int depth = 1;
    for (const struct epi_evidence *outer = evidence->outer; outer != NULL; outer = outer->outer)
        depth++;
    return depth < NESTED && ((evidence->blocked & epi_mask_of(signal)) == 0 ||
                              epi_host_resolves(evidence->handler));
}

/* A signal was sent to a thread that asks, and that the kernel would have blocked: it stays
 * pending until the handler has returned, or unblocks it.  Not the one of the fault, if it
 * comes from this process: so a handler gives up. */
static EPI_SAFE bool stays_pending(struct epi_evidence *evidence, int signal,
                                   const siginfo_t *info, ucontext_t *uc)
{
    uint64_t bit = epi_mask_of(signal), blocked = 0, pending = 0;
    for (const struct epi_evidence *of = evidence; of != NULL; of = of->outer) {
        blocked |= of->blocked;
        pending |= of->pending;
        if (of->signal == signal && info->si_pid == epi_getpid())
            return false;
    }
    if ((blocked & ~pending & left_open() & bit) == 0)
        return false;
    evidence->pending |= bit;
    epi_sigmask(SIG_BLOCK, bit);
    /* Another may have interrupted this handler at its first instruction. */
    *(uint64_t *)(void *)&uc->uc_sigmask |= bit | pending;
    if (info->si_code == SI_TKILL)
        epi_sigqueue(epi_gettid(), signal, info);
    else
        epi_resend(signal, info);
    return true;
}

static EPI_SAFE bool was_pending(const struct epi_evidence *evidence, int signal)
{
    for (; evidence != NULL; evidence = evidence->outer)
        if ((evidence->pending & epi_mask_of(signal)) != 0)
            return true;
    return false;
}

/* By kill the process sends it to itself, and the kernel prefers the first thread. */
static EPI_SAFE bool is_anothers(int signal, const siginfo_t *info)
{
    struct epi_asked *slot = epi_asked_about(signal);
    if (slot == NULL)
        return false;
    int tid = slot->tid;
    return epi_sigqueue(tid, signal, info) ||
           epi_syscall6(SYS_tgkill, epi_getpid(), tid, signal, 0, 0, 0) == 0;
}

/* The evidence of what it was asked about is overwritten: what is reported is its own fault. */
static EPI_SAFE EPI_NOINLINE void report_its_own(uintptr_t handler, const char *answer,
                                                 int signal, siginfo_t *info, ucontext_t *uc)
{
    struct epi_evidence evidence;
    epi_evidence_keep(&evidence, signal, info, uc);
    evidence.handler = handler;
    give_up_and_die(&evidence, answer, signal, &evidence.info, uc);
}

static EPI_SAFE bool has_overflowed(int tid, bool called, int signal, siginfo_t *info,
                                    ucontext_t *uc)
{
    uintptr_t handler =
        called || !epi_fault_of_memory(info) ? 0 : epi_asked_overflowed(tid, info, uc);
    if (handler != 0)
        report_its_own(handler, "has overflowed its stack", signal, info, uc);
    return handler != 0;
}

EPI_SAFE EPI_ON_FAULT bool epi_host_gave_up(const struct epi_sigaction *next, int tid,
                                            bool called, int signal, siginfo_t *info,
                                            ucontext_t *uc)
{
    uintptr_t sp = called ? epi_arch_current_sp() : epi_arch_sp(uc);
    if (has_overflowed(tid, called, signal, info, uc))
        return true;
    struct epi_evidence *evidence = epi_host_evidence(tid, sp);
    bool sent = info->si_code <= 0, own = sent && info->si_pid == epi_getpid();
    if (evidence != NULL && called && uc == evidence->uc) {
        give_up(evidence, "has handed it on"); /* returns to it; epi_host_asked ends it */
        return true;
    }
    if (evidence == NULL)
        return own && info->si_code != SI_TKILL && is_anothers(signal, info);
    if (sent && !called && stays_pending(evidence, signal, info, uc))
        return true;
    if (sent && was_pending(evidence, signal)) /* the handler has unblocked it */
        return epi_host_asked(next, evidence, tid, called, signal, info, uc);
    if (sent && !own)
        return false;
    if (!sent && may_ask_again(evidence, signal) &&
        epi_host_asked(next, evidence, tid, called, signal, info, uc))
        return true;
    const char *answer = !sent ? "has faulted" : signal == SIGABRT ? "has aborted"
                                                                   : "has raised a signal";
    give_up_and_die(evidence, answer, signal, info, uc);
    return true;
}
