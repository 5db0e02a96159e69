/* Leaving a stage is a jump to its guard from inside a signal handler.  That
 * is sound because every handler of the core has the same signal mask, which is
 * also the one under which the stage ran: there is no mask to restore.  And
 * because nested handlers run on an alternate stack of their own, which is
 * simply used again from its top. */
#include "stage.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../text/out.h"
#include "../text/write.h"
#include "../text/signals.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../signals/actions.h"
#include "../signals/asked.h"
#include "../signals/hosts.h"
#include "../signals/chain.h"
#include "../threads/ask.h"
#include "../threads/tasks.h"

#include <stdatomic.h>

/* The values of epi_arch_setjmp. */
enum { ENTERED, FAULTED, TIMED_OUT };

#ifdef EPI_TEST
static EPI_SAFE void make_trouble(const struct epi_stage *stage, const char *all)
{
    if (!epi_streq(epi_incidents.trouble_stage, stage->name) &&
        !epi_streq(epi_incidents.trouble_stage, all))
        return;
    if (epi_incidents.trouble == EPI_TROUBLE_FAULT)
        *(volatile int *)8 = 1;
    else if (epi_incidents.trouble == EPI_TROUBLE_STOP)
        epi_syscall6(SYS_kill, epi_getpid(), SIGSTOP, 0, 0, 0, 0);
    if (epi_incidents.trouble == EPI_TROUBLE_HANG || epi_incidents.trouble == EPI_TROUBLE_STOP)
        for (;;)
            epi_syscall6(SYS_ppoll, 0, 0, 0, 0, 0, 0);
    else if (epi_incidents.trouble == EPI_TROUBLE_SPIN)
        for (volatile bool forever = true; forever;)
            ;
    else if (epi_incidents.trouble == EPI_TROUBLE_ABORT)
        epi_syscall6(SYS_tgkill, epi_getpid(), epi_gettid(), SIGABRT, 0, 0, 0);
}
#endif

static EPI_SAFE void report_failure(struct epi_incident *incident, const struct epi_stage *stage,
                                    int why, uint64_t budget)
{
    struct epi_out *out = &incident->out;
    if (incident->failure_count < EPI_COUNT(incident->failure)) {
        incident->failure[incident->failure_count].stage = stage->name;
        incident->failure[incident->failure_count].timed_out = why == TIMED_OUT;
        incident->failure_count++;
    }
    if (incident->looking)
        return;
    if (!out->line_start) /* what stands there may be half a name */
        epi_out_text(out, " <cut>\n");
    epi_out_text(out, "[stage \"");
    epi_out_text(out, stage->name);
    if (why == TIMED_OUT) {
        epi_out_text(out, "\" timed out after ");
        epi_out_decimal(out, (int64_t)(budget / EPI_MS));
        epi_out_text(out, " ms; skipped]\n");
        return;
    }
    epi_out_text(out, "\" faulted: ");
    epi_out_text(out, epi_signal_name(incident->nested_signal));
    epi_out_text(out, " (");
    epi_out_decimal(out, incident->nested_signal);
    epi_out_text(out, ") at ");
    epi_out_address(out, incident->nested_address);
    epi_out_text(out, ", PC ");
    epi_out_address(out, incident->nested_pc);
    epi_out_text(out, "; skipped]\n");
}

#define LEAST_BUDGET (20 * EPI_MS)

/* Never so much that no time is left for the end line; but enough for a stage
 * that is quick. */
static EPI_SAFE uint64_t budget_of(const struct epi_incident *incident,
                                   const struct epi_stage *stage, uint64_t now)
{
    uint64_t budget = stage->budget_ms * EPI_MS;
    uint64_t left = incident->stages_deadline > now ? incident->stages_deadline - now : 0;
    if (left < LEAST_BUDGET)
        left = LEAST_BUDGET;
    return budget < left ? budget : left;
}

/* The time of the stages is over, and what one would write has no time to get out.  Where many
 * hang, each with the least budget, they would take the time of the end line as well.  Where
 * none has, the process was stopped, and the helper is about to postpone all this. */
static EPI_SAFE bool is_too_late(const struct epi_incident *incident, uint64_t now)
{
    uint32_t failed = incident->failure_count;
    return failed > 0 && incident->failure[failed - 1].timed_out &&
           now > incident->stages_deadline && now + 2 * LEAST_BUDGET > incident->out.deadline;
}

EPI_SAFE void epi_stage_run(struct epi_incident *incident, const struct epi_stage *stage)
{
    incident->stage_name = stage->name;
    if (epi_now() >= incident->stages_deadline)
        epi_out_catch_up(&incident->out);
    const uint64_t now = epi_now(), budget = budget_of(incident, stage, now);
    if (is_too_late(incident, now)) {
        report_failure(incident, stage, TIMED_OUT, 0);
        epi_out_flush(&incident->out);
        return;
    }
    int how = epi_arch_setjmp(&incident->guard);
    if (how == ENTERED) {
        incident->out.waited = 0;
        incident->stage_budget = budget;
        incident->stage_cpu = epi_clock(CLOCK_THREAD_CPUTIME_ID);
        incident->stage_deadline = now + budget;
        incident->epoch++; /* odd: the guard holds */
#ifdef EPI_TEST
        make_trouble(stage, "*");
#endif
        stage->run(incident); /* EPI_SAFE: the stages of report.c */
    }
    incident->stage_deadline = 0;
    incident->epoch += incident->epoch & 1;
    incident->out.writing = false;
    if (how != ENTERED)
        report_failure(incident, stage, how, budget);
    epi_out_flush(&incident->out);
}

EPI_SAFE void epi_stage_gave_up(struct epi_incident *incident)
{
    if (incident->failure_count == EPI_COUNT(incident->failure))
        return;
    incident->failure[incident->failure_count].stage = incident->stage_name;
    incident->failure[incident->failure_count++].timed_out = false;
}

EPI_SAFE void epi_stage_close(struct epi_incident *incident, const struct epi_stage *steps)
{
    incident->closing = steps;
    epi_arch_setjmp(&incident->last_resort);
    while (incident->closing->run != NULL) {
        const struct epi_stage *step = incident->closing++;
#ifdef EPI_TEST
        make_trouble(step, step->name);
#endif
        step->run(incident); /* EPI_SAFE: those of report.c and dump.c */
    }
}

EPI_SAFE void epi_stage_fault(struct epi_incident *incident, int signal, const siginfo_t *info,
                              const ucontext_t *uc)
{
    /* Of those that are sent, only abort() and the like concern the stage; and
     * between stages nothing is called that does that. */
    if (info->si_code <= 0 &&
        ((incident->epoch & 1) == 0 || info->si_code != SI_TKILL || info->si_pid != epi_getpid()))
        return;
    incident->nested_signal = signal;
    incident->nested_address = info->si_code > 0 ? (uintptr_t)info->si_addr : 0;
    incident->nested_pc = epi_arch_pc(uc);
    if (++incident->nested > EPI_NESTED_MAX || (incident->epoch & 1) == 0)
        epi_arch_longjmp(&incident->last_resort, FAULTED);
    epi_arch_longjmp(&incident->guard, FAULTED);
}

EPI_SAFE void epi_stage_interrupt(int signal, siginfo_t *info, void *context)
{
    struct epi_incident *incident = epi_incident_of(epi_self());
    struct epi_ask ask;
    if (!epi_ask_received(info, &ask)) {
        epi_chain_next(signal, info, context, EPI_CALLED(context));
        return;
    }
    if (ask.question != EPI_ASK_LEAVE)
        return;
    if (incident == NULL) {
        struct epi_evidence *evidence = epi_host_evidence(epi_gettid(), epi_arch_sp(context));
        if (evidence != NULL && evidence->slot->round == ask.epoch)
            evidence->give_up(evidence, "has not returned in time", false); /* EPI_SAFE: askhost.c's */
        return;
    }
    incident->interrupted = false;
    if (incident->phase == EPI_PHASE_HOST) {
        incident->left(incident, context); /* EPI_SAFE: host.c's */
        return;
    }
    /* A write that is interrupted says how much it wrote; one that is jumped
     * out of does not.  So the first interrupt only makes it return; between stages
     * they all do. */
    if (atomic_exchange(&incident->out.writing, false))
        return;
    if ((ask.epoch & 1) == 0 || ask.epoch != incident->epoch)
        return; /* meant for a stage that has ended since */
    epi_arch_longjmp(&incident->guard, TIMED_OUT);
}

EPI_SAFE void epi_stage_send(struct epi_incident *incident, uint32_t epoch)
{
    struct epi_ask ask = {EPI_ASK_LEAVE, epoch, 0};
    /* One at a time: the kernel stacks the frames of all that are pending, and an
     * owner that got no CPU for a while would run out of stack. */
    if (atomic_exchange(&incident->interrupted, true))
        return;
    if (epi_ask_send(epi_actions.deadline_signal, (int)(uint32_t)incident->owner, ask) != 0)
        incident->interrupted = false;
}

/* How many budgets more a stage has by the clock when the machine is busy. */
#define PATIENCE 4

/* The time of a stage is over by the clock.  Has its thread had less of a processor than that,
 * and waits for one, or runs?  A stage that sleeps behind its time is stuck.  The stages as a
 * whole have no time but the clock's. */
static EPI_SAFE bool is_starved(const struct epi_incident *incident, uint64_t deadline,
                                uint64_t now)
{
    uint64_t budget = incident->stage_budget, began = incident->stage_cpu;
    int tid = (int)(uint32_t)incident->owner;
    if (now >= deadline + PATIENCE * budget || now >= incident->stages_deadline)
        return false;
    return epi_task_runs(tid) && epi_clock(epi_thread_clock(tid)) < began + budget;
}

EPI_SAFE void epi_stage_enforce(struct epi_incident *incident, uint64_t now)
{
    uint32_t epoch = incident->epoch;
    uint64_t deadline = incident->stage_deadline;
    if (deadline != 0) /* else it is being left */
        deadline += incident->out.waited;
    /* Output has a deadline of its own, and keeps to it.  Between stages there
     * is nothing but output: it is interrupted until it is over, since the first interrupt
     * may come just before the write that blocks. */
    bool writes = incident->out.writing || (epoch & 1) == 0;
    if (writes)
        deadline = incident->out.deadline + 20 * EPI_MS;
    if (deadline == 0 || now < deadline || (!writes && is_starved(incident, deadline, now)))
        return;
    epi_stage_send(incident, epoch);
}
