/* A host's handler that was asked, and that gives up: where the fault was Go's, and where it
 * ends the process. */
#include "askend.h"
#include "gofatal.h"
#include "leave.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../signals/asked.h"
#include "../signals/hosts.h"

/* The helper looks some times in this. */
#define HELPER_PATIENCE (500 * EPI_MS)

static EPI_SAFE struct epi_evidence *outermost(struct epi_evidence *evidence)
{
    while (evidence->outer != NULL)
        evidence = evidence->outer;
    return evidence;
}

EPI_SAFE bool epi_asked_for_go(struct epi_evidence *evidence, ucontext_t *uc)
{
    struct epi_evidence *first = outermost(evidence);
    struct epi_asked *slot = epi_asked_slot(evidence);
    if (first->go == NULL)
        return false;
    if (slot != NULL)
        epi_asked_drop(slot, slot->round);
    epi_arch_go_on_at(uc, epi_evidence_context(first));
    epi_go_faults(&epi_process()->crash, first->go, first->signal, &first->info, uc);
    return true;
}

EPI_SAFE void epi_host_died_in_go(int tid, const ucontext_t *uc)
{
    struct epi_evidence *evidence = epi_host_evidence(tid, epi_arch_sp(uc));
    if (evidence != NULL && outermost(evidence)->go != NULL)
        return; /* it was Go's */
    if (evidence != NULL)
        evidence->give_up(evidence, "has handed it on to Go", true); /* EPI_SAFE: askhost.c's */
    /* Of the threads that Go stops to list their stacks any may be the last, and end it.
     * Then the helper sees where the one is that was asking, and makes the report. */
    uint64_t end = epi_now() + HELPER_PATIENCE;
    while (evidence == NULL && !epi_crashing() && epi_asked_on_go() && epi_now() < end)
        epi_pause(EPI_MS);
}

void epi_host_ends_process(const char *answer)
{
    struct epi_evidence *evidence = epi_host_evidence(epi_gettid(), epi_arch_current_sp());
    uint64_t mask;
    if (evidence == NULL)
        return;
    int number = outermost(evidence)->signal;
    if (outermost(evidence)->go != NULL) { /* back to the core, which gives it to Go */
        if (epi_leave_is_mine())           /* what the program has for its end has run */
            return;
        epi_syscall6(SYS_tgkill, epi_getpid(), epi_gettid(), number, 0, 0, 0);
        return;
    }
    epi_syscall6(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&mask, sizeof mask, 0, 0);
    evidence->give_up(evidence, answer, false); /* EPI_SAFE: askhost.c's */
    epi_sigmask(SIG_SETMASK, mask);
}
