/* Timers: set, beaten and stopped by the program's threads, run by the dumper. */
#include "timers.h"
#include "dump.h"
#include "dumper.h"
#include "ondemand.h"
#include "repeat.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/output.h"
#include "../base/system.h"
#include "../incident/incident.h"
#include "../incident/process.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

/* A watchdog is looked at so often in its time; but each look wakes a thread. */
#define LOOKS     16
#define LOOK_MOST (5 * EPI_MS)

#define NEVER UINT64_MAX

/* A process that ends with a crash is left alone for so long. */
#define CRASH_PAUSE (100 * EPI_MS)

static EPI_SAFE bool change(struct epi_timer *timer, uint32_t from, uint32_t to)
{
    return atomic_compare_exchange_strong(&timer->state, &from, to);
}

/* The caller has done with the timer; another one may be waiting for that. */
static EPI_SAFE void leave(struct epi_timer *timer, enum epi_timer_state state)
{
    timer->state = state;
    epi_futex_wake_all(&timer->state);
}

static EPI_SAFE void release(struct epi_timer *timer)
{
    epi_output_close(&timer->config.dump.output);
    leave(timer, EPI_TIMER_IDLE);
}

static EPI_SAFE uint64_t next_look(const struct epi_timer *timer, uint64_t now)
{
    uint64_t pause = timer->config.dump.passed / LOOKS;
    uint64_t due = now + (pause > LOOK_MOST ? pause : LOOK_MOST);
    return due < timer->bark ? due : timer->bark;
}

/* From waiting for its turn to the last byte. */
static EPI_SAFE uint64_t whole_time(const struct epi_timer *timer)
{
    return timer->config.dump.patience + timer->config.dump.timeout + EPI_SECOND;
}

/* For one that is about to be armed. */
static EPI_SAFE void tell_helper(struct epi_timer *timer)
{
    bool ends = timer->config.exit;
    timer->exit_within = ends ? whole_time(timer) : 0;
    timer->exit_from = ends ? timer->watchdog ? timer->bark : timer->due : 0;
}

/* ---- what callers do ---- */

/* A forked child has no thread that would end what the parent's dumper was
 * doing.  Such a child has one thread. */
static void forget_parent(void)
{
    struct epi_timers *timers = &epi_ondemand.timers;
    if (timers->used == 0 || epi_process()->timers)
        return;
    for (uint32_t i = 0; i < timers->used; i++)
        if (timers->timer[i].state != EPI_TIMER_IDLE)
            release(&timers->timer[i]);
    timers->used = 0;
    timers->exit_by = 0;
}

/* What must be there for a timer to be armed; 0 or an errno value. */
static int prepare(void)
{
    forget_parent();
    epi_process()->timers = true;
    return epi_dumper_start();
}

/* Makes an idle timer an armed one. */
static int arm(struct epi_timer *timer, const struct epi_timer_config *config)
{
    struct epi_timers *timers = &epi_ondemand.timers;
    uint64_t now = epi_now(), due = now + config->dump.passed;
    struct epi_fd output = epi_output_open(config->dump.output.fd);
    int error = errno;
    timer->config = *config;
    timer->config.dump.output = output;
    if (output.fd < 0) {
        release(timer);
        return error;
    }
    struct epi_repeat none = {0};
    timer->repeat = none;
    timer->config.dump.repeat = config->again ? &timer->repeat : NULL;
    timer->watchdog = timer != &timers->timer[0];
    if (timer->watchdog) {
        timer->alive = now;
        timer->bark = due;
        timer->stopped = timers->stopped;
        __atomic_store_n(&timer->beat, 0, __ATOMIC_SEQ_CST);
        due = next_look(timer, now);
    }
    timer->due = due;
    tell_helper(timer);
    uint32_t used = (uint32_t)(timer - timers->timer) + 1;
    if (timers->used < used)
        timers->used = used;
    leave(timer, EPI_TIMER_ARMED);
    epi_dumper_wake_for(due);
    return 0;
}

static void disarm(struct epi_timer *timer)
{
    for (;;) {
        uint32_t state = timer->state;
        if (state == EPI_TIMER_IDLE)
            return;
        if (state == EPI_TIMER_ARMED) {
            if (change(timer, EPI_TIMER_ARMED, EPI_TIMER_SETTING))
                release(timer);
        } else if (state == EPI_TIMER_FIRING) {
            change(timer, EPI_TIMER_FIRING, EPI_TIMER_CANCELLED);
        } else {
            epi_futex_wait(&timer->state, state, NULL);
        }
    }
}

int epi_dump_later(const struct epi_timer_config *config)
{
    struct epi_timer *timer = &epi_ondemand.timers.timer[0];
    int error = prepare();
    if (error != 0)
        return error;
    do
        disarm(timer);
    while (!change(timer, EPI_TIMER_IDLE, EPI_TIMER_SETTING));
    return arm(timer, config);
}

void epi_cancel_dump_later(void)
{
    forget_parent();
    disarm(&epi_ondemand.timers.timer[0]);
}

int epi_watchdog_start(const struct epi_timer_config *config, uint32_t **beat)
{
    struct epi_timers *timers = &epi_ondemand.timers;
    int error = prepare();
    if (error != 0)
        return error;
    for (size_t i = 1; i < EPI_COUNT(timers->timer); i++) {
        struct epi_timer *timer = &timers->timer[i];
        if (!change(timer, EPI_TIMER_IDLE, EPI_TIMER_SETTING))
            continue;
        *beat = &timer->beat;
        return arm(timer, config);
    }
    return ENOSPC;
}

void epi_watchdog_stop(uint32_t *beat)
{
    struct epi_timers *timers = &epi_ondemand.timers;
    forget_parent();
    for (size_t i = 1; i < EPI_COUNT(timers->timer); i++)
        if (beat == &timers->timer[i].beat)
            disarm(&timers->timer[i]);
}

bool epi_timers_armed(void)
{
    struct epi_timers *timers = &epi_ondemand.timers;
    forget_parent();
    for (uint32_t i = 0; i < timers->used; i++)
        if (timers->timer[i].state != EPI_TIMER_IDLE)
            return true;
    return false;
}

/* ---- what the dumper does ---- */

static EPI_SAFE void fire(struct epi_timer *timer)
{
    if (timer->config.exit) {
        epi_ondemand.timers.exit_within = whole_time(timer);
        epi_ondemand.timers.exit_by = epi_now() + epi_ondemand.timers.exit_within;
    }
    epi_dump(&timer->config.dump);
    if (timer->config.exit && !epi_crashing())
        epi_exit(1);
    epi_ondemand.timers.exit_by = 0; /* the crash ends the process */
}

/* The time of the period that is not over at NOW: what was missed is left out, and
 * no delay adds up. */
static EPI_SAFE uint64_t next_after(uint64_t due, uint64_t period, uint64_t now)
{
    return due > now ? due : due + ((now - due) / period + 1) * period;
}

/* False when its work is done. */
static EPI_SAFE bool delay_is_over(struct epi_timer *timer)
{
    uint64_t due = timer->due;
    if (epi_now() < due) /* it was armed anew, just now */
        return true;
    fire(timer);
    if (timer->config.exit) /* a crash is in the way; if the process survives it: */
        timer->due = epi_now() + CRASH_PAUSE;
    else if (timer->config.again)
        timer->due = next_after(due, timer->config.dump.passed, epi_now());
    return timer->config.exit || timer->config.again;
}

/* Time in which the process did not run is not the program's silence. */
static EPI_SAFE void look(struct epi_timer *timer)
{
    uint64_t now = epi_now(), period = timer->config.dump.passed;
    uint64_t stopped = epi_ondemand.timers.stopped;
    timer->alive += stopped - timer->stopped;
    if (timer->bark != NEVER)
        timer->bark += stopped - timer->stopped;
    timer->stopped = stopped;
    if (__atomic_exchange_n(&timer->beat, 0, __ATOMIC_SEQ_CST) != 0) {
        timer->alive = now;
        timer->bark = now + period;
        epi_repeat_restart(&timer->repeat);
    }
    if (now >= timer->bark) {
        timer->config.dump.silence = now - timer->alive;
        fire(timer);
        now = epi_now();
        if (timer->config.exit)
            timer->bark = now + CRASH_PAUSE;
        else
            timer->bark = timer->config.again ? next_after(timer->bark, period, now) : NEVER;
    }
    timer->due = next_look(timer, now);
}

static EPI_SAFE void work(struct epi_timer *timer)
{
    bool goes_on = true;
    if (timer->watchdog)
        look(timer);
    else
        goes_on = delay_is_over(timer);
    tell_helper(timer);
    if (!goes_on || !change(timer, EPI_TIMER_FIRING, EPI_TIMER_ARMED))
        release(timer);
}

EPI_SAFE uint64_t epi_timers_run(uint64_t overslept)
{
    struct epi_timers *timers = &epi_ondemand.timers;
    uint64_t next = NEVER;
    if (!epi_process()->timers) /* a forked child's dumper is there for a signal */
        return NEVER;
    timers->stopped += overslept;
    for (uint32_t i = 0; i < timers->used; i++) {
        struct epi_timer *timer = &timers->timer[i];
        if (timer->state == EPI_TIMER_ARMED && timer->due <= epi_now() &&
            change(timer, EPI_TIMER_ARMED, EPI_TIMER_FIRING))
            work(timer);
        if (timer->state == EPI_TIMER_ARMED && timer->due < next)
            next = timer->due;
    }
    return next;
}

/* ---- what the helper does ---- */

EPI_SAFE void epi_timers_postpone(uint64_t ns, uint64_t now)
{
    struct epi_timers *timers = &epi_ondemand.timers;
    uint64_t exit_by = timers->exit_by, most = now + timers->exit_within;
    if (ns > 0 && exit_by != 0 && exit_by < most) /* as epi_incident_postpone */
        atomic_compare_exchange_strong(&timers->exit_by, &exit_by,
                                       exit_by + ns < most ? exit_by + ns : most);
}

/* The dumper is at something else, for longer than the timer's own dump might take.
 * A process that was stopped, or got no CPU, finds a timer over when it goes on: so
 * the time is from when that was seen.  A watchdog that got a beat which the dumper
 * has not taken is left to the dumper. */
static EPI_SAFE bool is_left_alone(struct epi_timer *timer, uint64_t now)
{
    uint64_t from = timer->exit_from, within = timer->exit_within;
    if (timer->state != EPI_TIMER_ARMED || from == 0 || now < from ||
        __atomic_load_n(&timer->beat, __ATOMIC_SEQ_CST) != 0) {
        timer->late = 0;
        return false;
    }
    if (timer->late != from) {
        timer->late = from;
        timer->late_since = now;
    }
    return now - timer->late_since > within;
}

EPI_SAFE void epi_timers_enforce(void)
{
    struct epi_timers *timers = &epi_ondemand.timers;
    if (!epi_process()->timers || epi_crashing())
        return;
    uint64_t now = epi_now(), exit_by = timers->exit_by;
    bool over = exit_by != 0 && now >= exit_by;
    for (uint32_t i = 0; i < timers->used; i++)
        over = is_left_alone(&timers->timer[i], now) || over;
    if (over)
        epi_exit(1);
}
