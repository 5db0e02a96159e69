/* Who asks wakes the helper for the first fault only; then the helper looks at the table of
 * those that wait for an answer, until there was none for a second.
 *
 * A thread that has jumped out of the handler is not interrupted to find that out: it is
 * healthy.  The kernel tells its stack pointer when it sleeps.  Only one that is found running
 * each time, until the deadline is over, gets the deadline's signal, and with it one whose
 * handler does not return: that thread reports, and goes on with the handler.  If it blocks
 * that signal the helper reports in its place, and ends the process. */
#include "hostwatch.h"
#include "owner.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../memory/peek.h"
#include "../unwind/gostack.h"
#include "../unwind/program.h"
#include "../signals/actions.h"
#include "../signals/asked.h"
#include "../signals/hosts.h"
#include "../threads/ask.h"
#include "../threads/service.h"
#include "../threads/tasks.h"
#include "../goruntime/goroutines.h"
#include "../goruntime/traceback_bit.h"
#include "../report/report.h"
#include "../report/settle.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

/* Between a millisecond, which Go sleeps before its dump (runtime/proc.go, freezetheworld), and
 * the 5 that it sleeps behind it (runtime/signal_unix.go, crashSleepMicros). */
#define BEHIND_THE_DUMP (3 * EPI_MS)

/* How long a thread has for the report once it was asked for it. */
#define ANSWER EPI_SECOND

/* The helper's alone. */
static struct {
    uint64_t last, active; /* when it has looked, and found that a fault had come */
    struct {
        uint32_t round;
        uint64_t waited, look; /* for the answer; when its stack is looked at next */
        bool told, slept;      /* that it must leave; in the handler, once */
        bool in_go;            /* once: it is looked at all the time, or its sleep is missed */
    } of[EPI_ASKED_SLOTS];
} watch;

/* GO_PRINTS: or is about to. */
enum place { RUNS, SLEEPS, LEFT, GO_PRINTS, GO_WAITS };

/* Does Go wait for its other threads, with its dump written?  A write to a pipe that is full
 * sleeps, too, and a report in the midst of the dump could not be read, nor could the dump. */
static EPI_SAFE bool waits_for_threads(const struct epi_task_syscall *call)
{
    struct timespec ts;
    return call->number == SYS_nanosleep && epi_peek(&ts, call->argument[0], sizeof ts) &&
           (ts.tv_sec > 0 || ts.tv_nsec > (long)BEHIND_THE_DUMP);
}

/* Faults in handlers of faults, at most: more than askhost.c asks about. */
#define DEEPEST 16

static struct epi_evidence kept; /* the helper's alone */

/* Copies the evidence of SLOT's outermost fault: the thread's stack stays as it is while its
 * handler runs, but that may return any time.  False when what is there is not, or no longer,
 * the evidence of ROUND. */
static EPI_SAFE bool copy_evidence(const struct epi_asked *slot, uint32_t round)
{
    uint64_t link;
    if (!epi_peek(&kept, (uintptr_t)slot->evidence, sizeof kept) ||
        !epi_peek64(&link, slot->frame + offsetof(ucontext_t, uc_link)) ||
        !epi_asked_owns(slot, round, &kept, (uintptr_t)link))
        return false;
    for (int depth = 0; kept.outer != NULL; depth++)
        if (depth == DEEPEST || !epi_peek(&kept, (uintptr_t)kept.outer, sizeof kept))
            return false;
    return slot->round == round;
}

/* A thread that is gone has left, too.  Go's code below the frame of a signal is Go's
 * handler, to which the host's has handed the fault on: on a Go thread it dies of it
 * (runtime/signal_unix.go, sighandler), and waits for its other threads before it does.  On the
 * stack that was interrupted a thread that has jumped out may be as deep again; then it has
 * written over the evidence, as a rule. */
static EPI_SAFE enum place place_of(const struct epi_asked *slot, uint32_t round)
{
    struct epi_task_syscall call;
    if (epi_syscall6(SYS_tgkill, epi_getpid(), slot->tid, 0, 0, 0, 0) == -ESRCH)
        return LEFT;
    if (!epi_task_sleeps(slot->tid, &call))
        return RUNS;
    if (epi_asked_left(slot, call.sp) || (slot->bottom == 0 && !copy_evidence(slot, round)))
        return LEFT;
    if (!slot->go || !epi_go_text(epi_program.go, call.pc))
        return SLEEPS;
    return waits_for_threads(&call) ? GO_WAITS : GO_PRINTS;
}

static EPI_SAFE void name_subject(struct epi_subject *subject, int tid)
{
    char buffer[EPI_TASKS_ENTRY];
    struct epi_tasks tasks;
    struct epi_task_stat stat;
    epi_zero(subject, sizeof *subject);
    subject->tid = tid;
    if (epi_tasks_open(&tasks, buffer, sizeof buffer) != 0)
        return;
    if (epi_task_stat(&tasks, tid, &stat))
        epi_copy(subject->name, stat.name, sizeof subject->name);
    epi_tasks_close(&tasks);
}

/* The process dies of SIGNAL, as far as the helper can see to it. */
static EPI_SAFE _Noreturn void die_of(int signal)
{
    struct epi_sigaction action;
    epi_zero(&action, sizeof action);
    epi_sigaction(signal, &action, NULL);
    epi_sigmask(SIG_UNBLOCK, epi_mask_of(signal));
    epi_syscall6(SYS_tgkill, epi_getpid(), epi_gettid(), signal, 0, 0, 0);
    epi_exit(128 + signal);
}

/* A handler that blocks the deadline's signal; or has the thread jumped out, and blocks it
 * there?  A thread that sleeps on its alternate stack is in the handler; without one it may be
 * as deep again in other calls.  One that runs may be
 * elsewhere where the signal was blocked before the fault, to which it may have jumped back,
 * or where it has never been seen to sleep in the handler. */
static EPI_SAFE bool may_have_left(const struct epi_asked *slot, enum place place, bool slept)
{
    int deadline = epi_actions.deadline_signal;
    const ucontext_t *context = epi_evidence_context(&kept);
    if (place == SLEEPS && slot->bottom != 0)
        return false;
    return (*(const uint64_t *)(const void *)&context->uc_sigmask & epi_mask_of(deadline)) != 0 ||
           (!slept && epi_task_blocks(slot->tid, deadline));
}

/* A doubt is no answer: the thread is looked at again. */
static EPI_SAFE void report_for(struct epi_asked *slot, uint32_t round, const char *answer,
                                enum place place, bool slept)
{
    struct epi_incident *crash = &epi_process()->crash;
    bool go = place == GO_WAITS || place == GO_PRINTS;
    int tid = slot->tid;
    if (!copy_evidence(slot, round)) {
        epi_asked_drop(slot, round);
        return;
    }
    if (!go && may_have_left(slot, place, slept))
        return;
    if (slot->round != round || !epi_crash_take(crash, epi_self()))
        return;
    ucontext_t *context = (ucontext_t *)(void *)kept.context;
    if (!epi_crash_begin(crash, kept.signal, &kept.info, context))
        return;
    epi_report_settle(crash);
    /* Nothing interrupts this report, should it hang. */
    epi_crash_arm_alarm(crash, crash->options->deadline);
    name_subject(&crash->subject, tid);
    crash->host.handler = kept.handler;
    crash->host.answer = answer;
    crash->go_failed = go; /* it stopped the world */
    epi_report_on_own_stack(crash);
    /* As Go would have ended it. */
    if (go && !epi_traceback_bit_programs())
        epi_exit(EPI_GO_STATUS);
    if (go)
        die_of(SIGABRT);
    epi_exit(crash->status);
}

static EPI_SAFE void look_at(size_t i, uint64_t passed, uint64_t deadline)
{
    struct epi_asked *slot = &epi_process()->asked[i];
    uint32_t round = slot->round;
    if (watch.of[i].round != round) {
        watch.of[i].round = round;
        watch.of[i].waited = watch.of[i].look = 0;
        watch.of[i].told = watch.of[i].slept = watch.of[i].in_go = false;
        return;
    }
    uint64_t waited = watch.of[i].waited += passed, end = deadline + ANSWER;
    bool tell = waited >= deadline && !watch.of[i].told;
    if (waited < watch.of[i].look && !tell)
        return;
    watch.of[i].look = waited < end && waited * 2 > end ? end : waited * 2;
    enum place place = place_of(slot, round);
    /* Not one that has jumped out, and sleeps: its system call would end. */
    if (tell && place != LEFT) {
        struct epi_ask ask = {EPI_ASK_LEAVE, round, 0};
        watch.of[i].told = epi_ask_send(epi_actions.deadline_signal, slot->tid, ask) == 0;
    }
    watch.of[i].slept = watch.of[i].slept || place == SLEEPS;
    watch.of[i].in_go = watch.of[i].in_go || place == GO_PRINTS;
    if (watch.of[i].in_go)
        watch.of[i].look = waited;
    if (place == LEFT)
        epi_asked_drop(slot, round);
    else if (place == GO_WAITS || (place == GO_PRINTS && waited >= end))
        report_for(slot, round, "has handed it on to Go", place, true);
    else if (waited >= end)
        report_for(slot, round, "has not returned in time, and cannot be interrupted", place,
                   watch.of[i].slept);
}

EPI_SAFE bool epi_hosts_watch(uint64_t now)
{
    struct epi_process *process = epi_process();
    const struct epi_options *options = epi_incidents.options;
    uint64_t passed = now - watch.last;
    bool any = false;
    if (!process->asked_watched || options == NULL)
        return false;
    /* The process was stopped, or the machine slept. */
    if (passed > 2 * EPI_HOSTS_TICK)
        passed = EPI_HOSTS_TICK;
    watch.last = now;
    for (size_t i = 0; i < EPI_ASKED_SLOTS; i++) {
        struct epi_asked *slot = &process->asked[i];
        bool waits = (slot->round & 1) != 0;
        if (slot->round != watch.of[i].round)
            watch.active = now;
        any = any || waits;
        if (waits)
            look_at(i, passed, options->deadline);
        else
            watch.of[i].round = slot->round;
    }
    if (any || now - watch.active < EPI_SECOND)
        return true;
    process->asked_watched = false;
    for (size_t i = 0; i < EPI_ASKED_SLOTS; i++) /* one that has come in this moment */
        if ((process->asked[i].round & 1) != 0)
            process->asked_watched = true;
    return process->asked_watched;
}
