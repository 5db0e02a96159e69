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
#include "../text/signals.h"
#include "../incident/incident.h"
#include "../signals/actions.h"
#include "../signals/chain.h"

#include <stdatomic.h>

/* The values of epi_arch_setjmp. */
enum { ENTERED, FAULTED, TIMED_OUT };

#ifdef EPI_TEST
static EPI_SAFE void make_trouble(const struct epi_stage *stage)
{
    if (!epi_streq(epi_incident.trouble_stage, stage->name) &&
        !epi_streq(epi_incident.trouble_stage, "*"))
        return;
    if (epi_incident.trouble == EPI_TROUBLE_FAULT)
        *(volatile int *)8 = 1;
    else if (epi_incident.trouble == EPI_TROUBLE_HANG)
        for (;;)
            epi_syscall6(SYS_ppoll, 0, 0, 0, 0, 0, 0);
    else if (epi_incident.trouble == EPI_TROUBLE_SPIN)
        for (volatile bool forever = true; forever;)
            ;
    else if (epi_incident.trouble == EPI_TROUBLE_ABORT)
        epi_syscall6(SYS_tgkill, epi_getpid(), epi_gettid(), SIGABRT, 0, 0, 0);
}
#endif

static EPI_SAFE void report_failure(struct epi_crash *crash, const struct epi_stage *stage,
                                    int why, uint64_t budget)
{
    struct epi_out *out = &crash->out;
    if (crash->failure_count < EPI_COUNT(crash->failure)) {
        crash->failure[crash->failure_count].stage = stage->name;
        crash->failure[crash->failure_count].timed_out = why == TIMED_OUT;
        crash->failure_count++;
    }
    if (crash->looking)
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
    epi_out_text(out, epi_signal_name(crash->nested_signal));
    epi_out_text(out, " (");
    epi_out_decimal(out, crash->nested_signal);
    epi_out_text(out, ") at ");
    epi_out_address(out, crash->nested_address);
    epi_out_text(out, ", PC ");
    epi_out_address(out, crash->nested_pc);
    epi_out_text(out, "; skipped]\n");
}

#define LEAST_BUDGET (20 * EPI_MS)

/* Never so much that no time is left for the end line; but enough for a stage
 * that is quick. */
static EPI_SAFE uint64_t budget_of(const struct epi_crash *crash,
                                   const struct epi_stage *stage, uint64_t now)
{
    uint64_t budget = stage->budget_ms * EPI_MS;
    uint64_t left = crash->stages_deadline > now ? crash->stages_deadline - now : 0;
    if (left < LEAST_BUDGET)
        left = LEAST_BUDGET;
    return budget < left ? budget : left;
}

EPI_SAFE void epi_stage_run(struct epi_crash *crash, const struct epi_stage *stage)
{
    crash->stage_name = stage->name;
    const uint64_t now = epi_now(), budget = budget_of(crash, stage, now);
    int how = epi_arch_setjmp(&crash->guard);
    if (how == ENTERED) {
        crash->out.waited = 0;
        crash->stage_deadline = now + budget;
        crash->epoch++; /* odd: the guard holds */
#ifdef EPI_TEST
        make_trouble(stage);
#endif
        stage->run(crash); /* EPI_SAFE: the stages of report.c */
    }
    crash->stage_deadline = 0;
    crash->epoch += crash->epoch & 1;
    crash->out.writing = false;
    if (how != ENTERED)
        report_failure(crash, stage, how, budget);
    epi_out_flush(&crash->out);
}

EPI_SAFE void epi_stage_fault(struct epi_crash *crash, int signal, const siginfo_t *info,
                              const ucontext_t *uc)
{
    /* Of those that are sent, only abort() and the like concern the stage; and
     * between stages nothing is called that does that. */
    if (info->si_code <= 0 &&
        ((crash->epoch & 1) == 0 || info->si_code != SI_TKILL || info->si_pid != epi_getpid()))
        return;
    crash->nested_signal = signal;
    crash->nested_address = info->si_code > 0 ? (uintptr_t)info->si_addr : 0;
    crash->nested_pc = epi_arch_pc(uc);
    if (++crash->nested > EPI_NESTED_MAX || (crash->epoch & 1) == 0)
        epi_arch_longjmp(&crash->last_resort, FAULTED);
    epi_arch_longjmp(&crash->guard, FAULTED);
}

/* In the upper half of the deadline signal's value, so that one which comes too
 * late is not taken for a signal of the program's. */
#define POKE ((uint64_t)0x45504954 << 32)

EPI_SAFE void epi_stage_interrupt(int signal, siginfo_t *info, void *context)
{
    uint64_t self = epi_self();
    struct epi_crash *crash =
        epi_incident.dump.owner == self && epi_incident.crash.owner != self ? &epi_incident.dump
                                                                      : &epi_incident.crash;
    uint64_t value = (uint64_t)(uintptr_t)info->si_value.sival_ptr;
    if (info->si_code != SI_QUEUE || info->si_pid != epi_getpid() ||
        (value & ~UINT64_C(0xffffffff)) != POKE) {
        epi_chain(&epi_actions.deadline_previous, signal, info, context);
        return;
    }
    if (crash->owner != self)
        return;
    crash->interrupted = false;
    if (crash->phase == EPI_PHASE_HOST) {
        crash->left(crash, context); /* EPI_SAFE: host.c's */
        return;
    }
    /* A write that is interrupted says how much it wrote; one that is jumped
     * out of does not.  So the first interrupt only makes it return; between stages
     * they all do. */
    if (atomic_exchange(&crash->out.writing, false))
        return;
    uint32_t epoch = (uint32_t)value;
    if ((epoch & 1) == 0 || epoch != crash->epoch)
        return; /* meant for a stage that has ended since */
    epi_arch_longjmp(&crash->guard, TIMED_OUT);
}

EPI_SAFE void epi_stage_send(struct epi_crash *crash, uint32_t epoch)
{
    siginfo_t info;
    /* One at a time: the kernel stacks the frames of all that are pending, and an
     * owner that got no CPU for a while would run out of stack. */
    if (atomic_exchange(&crash->interrupted, true))
        return;
    epi_zero(&info, sizeof info);
    info.si_signo = epi_actions.deadline_signal;
    info.si_code = SI_QUEUE;
    info.si_pid = epi_getpid();
    info.si_value.sival_ptr = (void *)(uintptr_t)(POKE | epoch);
    if (!epi_sigqueue((int)(uint32_t)crash->owner, epi_actions.deadline_signal, &info))
        crash->interrupted = false;
}

EPI_SAFE void epi_stage_enforce(struct epi_crash *crash, uint64_t now)
{
    uint32_t epoch = crash->epoch;
    uint64_t deadline = crash->stage_deadline;
    if (deadline != 0) /* else it is being left */
        deadline += crash->out.waited;
    /* Output has a deadline of its own, and keeps to it.  Between stages there
     * is nothing but output: it is interrupted until it is over, since the first interrupt
     * may come just before the write that blocks. */
    if (crash->out.writing || (epoch & 1) == 0)
        deadline = crash->out.deadline + 20 * EPI_MS;
    if (deadline == 0 || now < deadline)
        return;
    epi_stage_send(crash, epoch);
}
