/* A stage's budget is the time for which its thread could run: one that others keep from the
 * processor has more by the clock, one that sleeps or has used it has not. */
#include "check.h"
#include "actions.h"
#include "clock.h"
#include "incident.h"
#include "stage.h"
#include "tasks.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define BUDGET (50 * EPI_MS)

enum { RUN = 1, SLEEP, END };

static struct epi_incident incident;
static _Atomic int order, done;

static void *owner(void *unused)
{
    uint64_t self = (uint64_t)(uint32_t)getpid() << 32 | (uint32_t)epi_gettid();
    incident.stage_budget = BUDGET;
    incident.stage_cpu = epi_clock(CLOCK_THREAD_CPUTIME_ID);
    incident.owner = self;
    for (int now; (now = order) != END;) {
        if (now == SLEEP)
            epi_pause(EPI_SECOND / 100);
        done = now;
    }
    return unused;
}

/* Is the owner told to leave, AFTER its stage began?  Its processor time is what the kernel
 * says; the clock is the test's. */
static bool told(uint64_t after)
{
    const uint64_t began = 1000 * EPI_SECOND;
    incident.interrupted = false;
    incident.epoch = 1; /* in a stage */
    incident.stage_deadline = began + BUDGET;
    incident.stages_deadline = began + EPI_SECOND;
    epi_stage_enforce(&incident, began + after);
    return incident.interrupted;
}

static void start(int what)
{
    order = what;
    while (done != what)
        epi_pause(EPI_MS);
}

/* Until the thread sleeps: it does not while it is on its way into the system call. */
static void await_sleep(int tid)
{
    while (epi_task_runs(tid))
        epi_pause(EPI_MS);
}

static void test_stages(void)
{
    pthread_t thread;
    order = RUN;
    if (pthread_create(&thread, NULL, owner, NULL) != 0)
        return;
    start(RUN);
    int tid = (int)(uint32_t)incident.owner;
    CHECK(epi_task_runs(tid), "it runs");
    CHECK(!told(BUDGET - 1), "before its time");
    incident.stage_cpu = epi_clock(epi_thread_clock(tid)) + EPI_SECOND;
    CHECK(!told(BUDGET), "it has had less than its time of a processor");
    CHECK(told(5 * BUDGET), "behind all patience");
    CHECK(told(EPI_SECOND), "the time of all stages is over");
    while (epi_clock(epi_thread_clock(tid)) < BUDGET)
        epi_pause(EPI_MS);
    incident.stage_cpu = 0;
    CHECK(told(BUDGET), "it has had all of its time");
    start(SLEEP);
    await_sleep(tid);
    incident.stage_cpu = epi_clock(epi_thread_clock(tid)) + EPI_SECOND;
    bool left = false;
    for (int i = 0; i < 1000 && !left; i++) { /* it wakes a hundred times a second */
        await_sleep(tid);
        left = told(BUDGET);
    }
    CHECK(left, "it sleeps");
    order = END;
    pthread_join(thread, NULL);
}

static void test_waits(void)
{
    CHECK(!epi_task_runs(0) && epi_task_starved(0) == 0, "no thread");
    uint64_t waits = epi_task_starved(epi_gettid());
    CHECK(waits < epi_now(), "%lu ns", waits);
}

static void ignore(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
}

int main(void)
{
    int signal = SIGRTMIN + 3;
    struct sigaction action = {.sa_sigaction = ignore, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    if (sigaction(signal, &action, NULL) != 0 ||
        !epi_sigaction(signal, NULL, &epi_actions.slot[signal].ours))
        return 1;
    epi_actions.deadline_signal = signal;
    test_stages();
    test_waits();
    return check_result();
}
