/* Dumps at a time: after a delay, now and then, or when a watchdog gets no heartbeat.
 *
 * The dumper (dumper.c) does them.  A timer's output is a duplicate of the
 * descriptor that it was given.  In a child of fork there are none: the thread
 * is not there, and the child may have timers of its own. */
#ifndef EPI_TIMERS_H
#define EPI_TIMERS_H

#include "dump.h"
#include "repeat.h"
#include "../base/base.h"
#include "../incident/incident.h"

#define EPI_WATCHDOGS 64

/* Who may do what with a timer.  Only who makes IDLE or ARMED into another state
 * may touch the rest of it, until that is IDLE or ARMED again. */
enum epi_timer_state {
    EPI_TIMER_IDLE,
    EPI_TIMER_SETTING,   /* a caller of the functions below is at it */
    EPI_TIMER_ARMED,
    EPI_TIMER_FIRING,    /* the dumper is at it */
    EPI_TIMER_CANCELLED, /* the same, and a caller waits for the end */
};

/* How a timer works; DUMP's kind is EPI_DUMP_TIMEOUT, and PASSED its time. */
struct epi_timer_config {
    struct epi_dump dump;
    bool again; /* periodically */
    bool exit;  /* then the process ends, with status 1 and no clean-up */
};

struct epi_timer {
    _Alignas(64) _Atomic uint32_t state; /* enum epi_timer_state; waited for */
    bool watchdog;
    _Atomic uint64_t due; /* monotonic; of a watchdog: the next look */
    struct epi_timer_config config;
    struct epi_repeat repeat;
    /* Of one that ends the process, for the helper: when its dump is to begin, and
     * how long that may take, ns; 0: it does not. */
    _Atomic uint64_t exit_from, exit_within;
    /* The helper's: the EXIT_FROM that it has found to be over, and when. */
    uint64_t late, late_since;
    /* Of a watchdog. */
    uint64_t alive;   /* when a beat was last found */
    uint64_t bark;    /* when it dumps unless there is one; UINT64_MAX: it has */
    uint64_t stopped; /* struct epi_timers's, as far as these two know of it */
    /* Stored by the program, taken by the dumper: in a line of its own. */
    _Alignas(64) uint32_t beat;
};

struct epi_timers {
    _Atomic uint32_t used;    /* slots that were ever armed */
    _Atomic uint64_t exit_by; /* when the helper ends the process; 0: it does not */
    _Atomic uint64_t exit_within; /* how far off that was when it was set, in ns */
    _Atomic uint64_t stopped; /* ns for which the process did not run, all in all */
    struct epi_timer timer[1 + EPI_WATCHDOGS]; /* the first is that of epi_dump_later */
};

/* The functions that arm something must be called one at a time; the others may be
 * called by anybody.
 *
 * Dumps once CONFIG's time has passed, or periodically; a dump that was to come
 * is replaced.  The core must be on.  EBADF: no such output; EMFILE and the
 * like; EAGAIN: there can be no thread. */
int epi_dump_later(const struct epi_timer_config *config);

/* After that nothing more is written: it waits for a dump that is being written,
 * which ends within its time.  Does nothing where there is nothing to cancel. */
void epi_cancel_dump_later(void);

/* Dumps when the word at BEAT has not been set to 1, by an atomic store, for
 * CONFIG's time: that, and a sixteenth or 5 ms more, which is how often it is
 * looked at.  Then no more before the beat is back; or periodically until
 * then.  Errors as above; ENOSPC: there are EPI_WATCHDOGS of them. */
int epi_watchdog_start(const struct epi_timer_config *config, uint32_t **beat);

/* Ends the one with this word, as epi_cancel_dump_later does. */
void epi_watchdog_stop(uint32_t *beat);

/* Is a timer or a watchdog armed, so that the core is needed? */
bool epi_timers_armed(void);

/* For the dumper: does what is due, and returns when something is due again.
 * OVERSLEPT is for how long the process did not run since the last call. */
EPI_SAFE uint64_t epi_timers_run(uint64_t overslept);

/* For the helper: ends the process for a timer that should have done so. */
EPI_SAFE void epi_timers_enforce(void);

/* The process was stopped for NS, until NOW or just before: a dump that ends it has that longer. */
EPI_SAFE void epi_timers_postpone(uint64_t ns, uint64_t now);

#endif
