/* What the answer of a host's handler means that was asked first:
 *
 *   returns, and the context or the floating-point
 *     control is changed, or the memory is there ......... resolved
 *   returns, and the instruction or its divisor is
 *     another ............................................ resolved
 *   jumps out (siglongjmp, an exception) ................. resolved; seen later
 *   returns from a breakpoint, or from what was sent ..... resolved: it does not come again
 *   returns, and has changed nothing ..................... not resolved, from a handler that
 *     never resolved a fault of memory; else if the same fault comes again, with
 *     every register the same
 *   puts the default action in place, and returns ........ not resolved
 *   raises or sends a fatal signal, aborts, faults ....... not resolved
 *   overflows its stack .................................. not resolved
 *   ends the process (exit_wrap.c) ....................... not resolved
 *   does none of this before the deadline ................ reported, and goes on
 *
 * A handler that has resolved faults is given more than one try: what it maps, another
 * thread may have taken away again before it is looked at. */
#include "verdict.h"
#include "host.h"
#include "sent.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../signals/actions.h"
#include "../signals/asked.h"
#include "../signals/hosts.h"

#define TRIES 16

EPI_SAFE uint64_t epi_verdict_fault(const struct epi_evidence *evidence)
{
    const ucontext_t *context = epi_evidence_context(evidence);
    uint64_t which = (uint64_t)evidence->signal << 32 | (uint32_t)evidence->info.si_code;
    uint64_t hash = epi_mix(0, which);
    return epi_arch_mix_registers(context, epi_mix(hash, (uintptr_t)evidence->info.si_addr));
}

/* Is it the same fault once more, of which the handler has changed nothing so far?  For one
 * that resolves faults of memory, TRIES are counted without a look at the memory, which
 * takes longer, and TRIES with one. */
EPI_SAFE bool epi_verdict_in_vain(const struct epi_evidence *evidence)
{
    const struct epi_asked *slot = evidence->slot;
    if (slot == NULL || slot->repeats == 0)
        return false;
    uint32_t most = !epi_host_resolves(evidence->handler)  ? 1
                    : epi_fault_of_memory(&evidence->info) ? 2 * TRIES
                                                           : TRIES;
    return slot->repeats >= most && slot->same == epi_verdict_fault(evidence);
}

/* Counts it; how often it was, one after the other. */
static EPI_SAFE uint32_t repeated(const struct epi_evidence *evidence)
{
    struct epi_asked *slot = epi_asked_slot(evidence);
    uint64_t fault = epi_verdict_fault(evidence);
    if (slot == NULL)
        return 1;
    slot->repeats = slot->same == fault ? slot->repeats + 1 : 1;
    slot->same = fault;
    return slot->repeats;
}

/* Does the thread meet its fault again?  What was sent is gone, but for abort's, which
 * goes on to die; a breakpoint and a refused system call are behind it. */
static EPI_SAFE bool comes_again(const struct epi_evidence *evidence)
{
    if (evidence->info.si_code <= 0)
        return epi_sent_by_abort(&evidence->info, epi_evidence_context(evidence));
    return evidence->signal != SIGTRAP && evidence->signal != SIGSYS;
}

/* Can the access that faulted be made now?  The look may fault, so the core's handler is put
 * in place for it.  With such a signal pending there is no look: then the fault tells. */
static EPI_SAFE bool memory_is_there(const struct epi_evidence *evidence)
{
    const struct epi_sigaction *ours = &epi_actions.slot[evidence->signal].ours;
    struct epi_sigaction now;
    if ((evidence->pending & (epi_mask_of(SIGSEGV) | epi_mask_of(SIGBUS))) != 0)
        return true;
    if (!epi_fault_of_memory(&evidence->info) || !epi_sigaction(evidence->signal, ours, &now))
        return false;
    epi_sigmask(SIG_UNBLOCK, epi_fatal_mask() & ~evidence->pending);
    bool there = epi_fault_is_over(&evidence->info, epi_evidence_context(evidence));
    if (now.handler != ours->handler)
        epi_sigaction(evidence->signal, &now, NULL);
    return there;
}

/* Is there another instruction now where the fault was, or another divisor?  The next such
 * fault is another, though every register be the same: the program has put the first one back.
 */
static EPI_SAFE bool is_patched(const struct epi_evidence *evidence)
{
    if (evidence->instruction == 0 || (evidence->pending & epi_fatal_mask()) != 0)
        return false;
    epi_sigmask(SIG_UNBLOCK, epi_fatal_mask());
    return evidence->instruction !=
           epi_fault_instruction(&evidence->info, epi_evidence_context(evidence));
}

/* What the handler's return with the context unchanged means. */
static EPI_SAFE enum epi_verdict judge_return(const struct epi_evidence *evidence)
{
    int signal = evidence->signal;
    bool resolves = epi_host_resolves(evidence->handler), gone = false;
    struct epi_sigaction now;
    if (!comes_again(evidence))
        return EPI_RESOLVED;
    if (evidence->info.si_code <= 0)
        return EPI_NOT_RESOLVED;
    if (!epi_action_holds(signal) && epi_sigaction(signal, NULL, &now)) {
        if (now.handler != (uintptr_t)SIG_DFL)
            return EPI_RESOLVED; /* the next fault is not the core's any more */
        gone = true;
    }
    /* Set back by the kernel (SA_RESETHAND) or by itself (wrap.c). */
    gone = gone || epi_action_next(signal)->handler <= (uintptr_t)SIG_IGN;
    if (!gone && is_patched(evidence)) {
        epi_host_has_resolved(evidence->handler);
        return EPI_RESOLVED;
    }
    if (!gone) {
        uint32_t times = repeated(evidence);
        if (!epi_fault_of_memory(&evidence->info) || (times <= TRIES && resolves))
            return EPI_RETURNED;
    }
    if (memory_is_there(evidence)) {
        epi_host_has_resolved(evidence->handler);
        return EPI_RESOLVED;
    }
    return resolves && !gone ? EPI_RETURNED : EPI_NOT_RESOLVED;
}

EPI_SAFE enum epi_verdict epi_verdict_of(const struct epi_evidence *evidence)
{
    if (epi_arch_same_registers(epi_evidence_context(evidence), evidence->uc) &&
        epi_arch_float_control(evidence->uc) == evidence->floats)
        return judge_return(evidence);
    if (evidence->go == NULL) /* or it has handed it on to Go, whose panic is to come */
        epi_host_has_resolved(evidence->handler);
    return EPI_RESOLVED;
}

/* It has been reported, and the host has changed nothing since: should it come again, that is
 * in vain.  Whether memory is there, epi_chain_repaired has looked. */
EPI_SAFE void epi_verdict_expect_no_more(const struct epi_evidence *evidence,
                                         struct epi_asked *slot)
{
    if (!comes_again(evidence) || epi_fault_of_memory(&evidence->info) ||
        is_patched(evidence) ||
        !epi_arch_same_registers(epi_evidence_context(evidence), evidence->uc))
        return;
    slot->same = epi_verdict_fault(evidence);
    slot->repeats = 2 * TRIES;
}
