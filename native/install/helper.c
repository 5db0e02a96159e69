/* Once a second it looks for new threads, which costs four system calls when
 * there are none (assign.c), after Go's bit, which costs three more
 * (traceback_bit.c), and after the fatal signals, one for each (taken.c).
 *
 * It takes no lock and calls nothing that does: a crash inside the loader or
 * malloc must not stop the one who enforces the deadline.  All signals but those
 * of faults are blocked, so that none of the process's handlers runs on it. */
#include "helper.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../signals/actions.h"
#include "../signals/taken.h"
#include "../signals/terminate.h"
#include "../threads/altstack.h"
#include "../threads/assign.h"
#include "../threads/service.h"
#include "../threads/tasks.h"
#include "../threads/wake.h"
#include "../goruntime/traceback_bit.h"
#include "../goruntime/goside.h"
#include "../goruntime/resume.h"
#include "../report/places.h"
#include "../report/stage.h"
#include "../report/taken.h"
#include "../crash/host.h"
#include "../crash/hostwatch.h"
#include "../ondemand/timers.h"

#include <stdatomic.h>

/* What is another's handler now may be so for a moment only. */
#define MOMENT (50 * EPI_MS)

/* While a thread crashes, the deadlines are looked at this often. */
#define TICK (5 * EPI_MS)

static uint64_t due; /* when it wakes at the latest */

static EPI_SAFE void sleep_on_word(uint32_t seen, uint64_t ns)
{
    due = epi_now() + ns;
    epi_wait(epi_helper_word(), seen, due);
}

static EPI_SAFE void end(const struct epi_incident *crash)
{
    if (crash->abort)
        epi_abort();
    epi_exit(crash->status);
}

/* The process was stopped, or the machine slept: so did the owner of INCIDENT.  The kernel
 * is asked for this thread's waits after a long round only: that takes two descriptors for a
 * moment, and a report file may just need them. */
static EPI_SAFE uint64_t look_for_a_stop(struct epi_incident *incident, struct epi_watch *watch)
{
    uint64_t now = epi_now();
    bool late = now - watch->last > EPI_STOP;
    uint64_t stop = epi_watch_round(watch, now, late ? epi_task_starved(epi_gettid()) : 0);
    if (stop > 0)
        epi_incident_postpone(incident, stop, now);
    uint64_t watched = incident->out.watched; /* its owner may take it away meanwhile */
    if (watched != EPI_OUT_ALONE)
        atomic_compare_exchange_strong(&incident->out.watched, &watched, now);
    return stop;
}

/* From a crash's beginning to the end of the process, or until a host's handler
 * has repaired it.  An owner that has not settled gets a moment for it: it may be that the
 * process was stopped, and that the helper is the first to go on. */
static EPI_SAFE void enforce(struct epi_incident *crash)
{
    uint64_t woken_by = due;
    if (epi_crashing() && !crash->settled) {
        sleep_on_word(*epi_helper_word(), TICK);
        woken_by += TICK;
    }
    struct epi_watch watch = {.last = epi_incident_watched_from(crash, woken_by, epi_now())};
    while (epi_crashing()) {
        look_for_a_stop(crash, &watch);
        uint64_t now = watch.last;
        uint64_t deadline = crash->deadline; /* 0: the owner has not got there yet */
        if (deadline != 0 && now >= deadline && !epi_chain_let_go(crash) &&
            crash->deadline == deadline) /* still the same crash */
            end(crash);
        if (crash->phase == EPI_PHASE_REPORTING)
            epi_stage_enforce(crash, now);
        else if (crash->phase == EPI_PHASE_HOST)
            epi_chain_look(crash, now);
        else if (epi_goside.resume.stop_pending)
            epi_resume_help();
        sleep_on_word(*epi_helper_word(), epi_goside.resume.stop_pending ? TICK / 20 : TICK);
    }
}

/* When it began, if it has come to that: whoever changes the configuration has the same turn. */
static EPI_SAFE uint64_t watched_from(const struct epi_incident *dump, uint64_t now)
{
    uint64_t began = dump->out.watched;
    return began != 0 && began < now ? began : now;
}

/* A dump ends by itself; only a stage of it may be stuck. */
static EPI_SAFE void watch(struct epi_incident *dump)
{
    struct epi_watch rounds = {.last = watched_from(dump, epi_now())};
    while (dump->owner != 0 && !epi_crashing()) {
        uint64_t stop = look_for_a_stop(dump, &rounds);
        epi_timers_postpone(stop, rounds.last);
        if (dump->phase == EPI_PHASE_REPORTING)
            epi_stage_enforce(dump, epi_now());
        epi_timers_enforce();
        sleep_on_word(*epi_helper_word(), TICK);
    }
}

/* How long until the next look at the fatal signals. */
static EPI_SAFE uint64_t look_after_signals(void)
{
    const struct epi_options *options = epi_incidents.options;
    if (options == NULL || options->quiet || epi_crashing())
        return EPI_SECOND;
    enum epi_taken_state state = epi_taken_look();
    if (state == EPI_TAKEN_PERHAPS)
        return MOMENT;
    for (int i = 0; i < EPI_FATAL_COUNT && options->takeover; i++)
        if (epi_actions.taken[i].taken)
            epi_action_take_back(epi_fatal[i]);
    if (state == EPI_TAKEN_NEW)
        epi_taken_say(epi_report_terminal(options), options->takeover);
    return EPI_SECOND;
}

EPI_SAFE void *epi_helper(void *unused)
{
    epi_service_introduce(EPI_SERVICE_HELPER);
    for (uint64_t round = 0;;) {
        uint32_t seen = *epi_helper_word();
        enforce(&epi_process()->crash);
        watch(&epi_process()->dump);
        epi_timers_enforce();
        epi_altstack_reap();
        /* Threads that end wake the helper too, maybe many in a second. */
        uint64_t now = epi_now();
        bool asked = epi_hosts_watch(now);
        if (now >= round) {
            uint64_t pause = look_after_signals();
            epi_traceback_bit_keep();
            if (epi_assign_round())
                round = now + pause;
        }
        uint64_t rest = round > now ? round - now : EPI_SECOND;
        sleep_on_word(seen, asked && rest > EPI_HOSTS_TICK ? EPI_HOSTS_TICK : rest);
    }
    return unused;
}
