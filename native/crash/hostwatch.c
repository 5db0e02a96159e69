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

#include <errno.h>
#include <stdatomic.h>

/* How long a thread has for the report once it was told to make it. */
#define ANSWER EPI_SECOND

/* The helper's alone. */
static struct {
    uint64_t last, active; /* when it has looked, and found that a fault had come */
    struct {
        uint32_t round;
        uint64_t waited, look; /* for the answer; when its stack is looked at next */
        bool told;
    } of[EPI_ASKED_SLOTS];
} watch;

enum place { IN_HANDLER, LEFT, IN_GO };

/* A thread that is gone has left, too.  Go's code below the frame of a signal is Go's
 * handler, to which the host's has handed the fault on: on a thread of Go's it dies of it
 * (runtime/signal_unix.go, sighandler), and waits for its other threads before it does. */
static EPI_SAFE enum place place_of(const struct epi_asked *slot)
{
    char buffer[EPI_TASKS_ENTRY];
    struct epi_tasks tasks;
    struct epi_task_syscall call;
    if (epi_syscall6(SYS_tgkill, epi_getpid(), slot->tid, 0, 0, 0, 0) == -ESRCH)
        return LEFT;
    if (epi_tasks_open(&tasks, buffer, sizeof buffer) != 0)
        return IN_HANDLER;
    bool told = epi_task_syscall(&tasks, slot->tid, &call) && call.sleeps;
    epi_tasks_close(&tasks);
    if (told && epi_asked_left(slot, call.sp))
        return LEFT;
    return told && slot->go && epi_go_text(epi_program.go, call.pc) ? IN_GO : IN_HANDLER;
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

/* Faults in handlers of faults, at most: more than askhost.c asks about. */
#define DEEPEST 16

/* A handler that blocks the deadline's signal.  Its stack stays as it is, but the thread may
 * return any time, so what is there is copied first. */
static EPI_SAFE void report_for(struct epi_asked *slot, const char *answer, bool go)
{
    static struct epi_evidence evidence;
    struct epi_incident *crash = &epi_process()->crash;
    uint32_t round = slot->round;
    uintptr_t at = (uintptr_t)slot->evidence;
    int tid = slot->tid;
    if (!epi_peek(&evidence, at, sizeof evidence))
        return;
    for (int depth = 0; evidence.outer != NULL; depth++)
        if (depth == DEEPEST || !epi_peek(&evidence, (uintptr_t)evidence.outer, sizeof evidence))
            return;
    ucontext_t *context = (ucontext_t *)(void *)evidence.context;
    /* Where the signal was blocked before the fault, the handler may have jumped back there. */
    if (!go && (*(uint64_t *)(void *)&context->uc_sigmask &
                epi_mask_of(epi_actions.deadline_signal)) != 0) {
        epi_asked_drop(slot, round);
        return;
    }
    if (slot->round != round || !epi_crash_take(crash, epi_self()))
        return;
    if (!epi_crash_begin(crash, evidence.signal, &evidence.info, context))
        return;
    /* Nobody interrupts this report, should it hang. */
    epi_crash_arm_alarm(crash, crash->options->deadline);
    name_subject(&crash->subject, tid);
    crash->host.handler = evidence.handler;
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
        watch.of[i].told = false;
        return;
    }
    uint64_t waited = watch.of[i].waited += passed;
    if (waited >= watch.of[i].look) {
        watch.of[i].look = waited * 2;
        enum place place = place_of(slot);
        if (place == LEFT)
            epi_asked_drop(slot, round);
        if (place == IN_GO)
            report_for(slot, "has handed it on to Go", true);
        if (place != IN_HANDLER)
            return;
    }
    if (waited < deadline)
        return;
    if (!watch.of[i].told) {
        struct epi_ask ask = {EPI_ASK_LEAVE, round, 0};
        watch.of[i].told = epi_ask_send(epi_actions.deadline_signal, slot->tid, ask) == 0;
    }
    if (waited >= deadline + ANSWER)
        report_for(slot, "has not returned in time, and lets nobody interrupt it", false);
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
