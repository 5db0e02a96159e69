/* The two sides look at each other: who leaves says so, and then looks for an owner; who
 * owns a crash has said so, and then looks for one who leaves.  At least one sees the
 * other. */
#include "leave.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../signals/actions.h"
#include "../threads/ask.h"

#include <stdatomic.h>
#include <stdlib.h>

#define LOOK (5 * EPI_MS)

/* What Go's exit and libc's take when nothing more is to be called; on a busy
 * machine. */
#define LAST_STEPS (20 * EPI_MS)

static _Atomic int leaving;     /* the thread that may end the process by now; 0: none */
static _Atomic bool let;

/* The crash has its deadline, which the helper enforces.  Has that not happened? */
static EPI_SAFE bool too_long(const struct epi_incident *crash, uint64_t waited)
{
    const struct epi_options *options = epi_incidents.options;
    uint64_t deadline = options != NULL ? options->deadline : 5 * EPI_SECOND;
    return waited > 2 * deadline + EPI_SECOND && epi_now() > crash->deadline + EPI_SECOND;
}

static EPI_SAFE bool may(uint64_t waited)
{
    const struct epi_incident *crash = &epi_process()->crash;
    if (epi_process_is_child())
        return true;
    int tid = epi_gettid(), nobody = 0, mine = tid;
    atomic_compare_exchange_strong(&leaving, &nobody, tid);
    /* The owner's: a handler of the host calls exit.  While Go runs the crash hook, C code
     * that exits is obeyed (handler.WithOnCrashResume). */
    if (!epi_crashing() || let || crash->owner == epi_self() ||
        crash->phase == EPI_PHASE_LAST_ACT || too_long(crash, waited))
        return true;
    atomic_compare_exchange_strong(&leaving, &mine, 0); /* not another's */
    return false;
}

EPI_SAFE bool epi_leave_is_mine(void)
{
    return leaving == epi_gettid();
}

bool epi_leave_may(uint64_t waited)
{
    return may(waited);
}

void epi_leave_let(void)
{
    let = true;
}

void epi_leave_goes(int how, int status, const char *text)
{
    epi_mark_exit((enum epi_mark_how)how, status, text);
}

EPI_SAFE void epi_leave_wait(enum epi_mark_how how, int status)
{
    struct epi_awake awake = {epi_now(), 0};
    while (!may(epi_awake(&awake)))
        epi_pause(LOOK);
    epi_mark_exit(how, status, NULL);
}

EPI_SAFE EPI_ON_CRASH void epi_leave_stop(void)
{
    struct epi_ask hold = {EPI_ASK_HOLD, 0, 0};
    if (leaving == 0)
        return;
    uint64_t end = epi_now() + LAST_STEPS;
    int tid = 0;
    while ((tid = leaving) != 0 && tid != epi_gettid() && epi_now() < end)
        epi_pause(EPI_MS);
    if (tid != 0 && tid != epi_gettid())
        epi_ask_send(epi_actions.thread_signal, tid, hold);
}

/* ---- C's exits ---- */

static void at_quick(void)
{
    epi_leave_wait(EPI_MARK_QUICK_EXIT, EPI_NO_STATUS);
}

#ifdef __GLIBC__
static void at_exit(int status, void *unused)
{
    (void)unused;
    epi_leave_wait(EPI_MARK_EXIT, status);
}
#else
static void at_exit(void)
{
    epi_leave_wait(EPI_MARK_EXIT, EPI_NO_STATUS);
}
#define on_exit(function, argument) atexit(function)
#endif

/* Before the program's own constructors, so that what they register is called first.
 * quick_exit calls other functions. */
static __attribute__((constructor(101))) void prepare(void)
{
    leaving = 0; /* a crash looks at it first: its page is there then */
    on_exit(at_exit, NULL);
    at_quick_exit(at_quick);
}
