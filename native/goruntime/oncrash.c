/* The program's crash hook: a function of handler.WithOnCrash that gets the
 * report and what is left of the time.
 *
 * After a crash in C it is run by a goroutine, as the live goroutines are listed, so
 * it needs a Go that is alive.  The report is out by then, whatever becomes of it: it
 * may panic, which is recovered, hang, which is not waited for, or run into damaged
 * memory, after which Go dies in silence.
 *
 * After a panic it is run in a copy of the process (forkcopy.h), where there is nothing
 * but the goroutine that died: what the panic has left half done, no other goroutine
 * must take for done and hand on.  Only a program that asks for it goes on itself
 * (resume.h). */
#include "goparts.h"
#include "goside.h"
#include "goroutines.h"
#include "forkcopy.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../unwind/program.h"
#include "../text/out.h"
#include "../incident/incident.h"

/* For a goroutine to begin with it; longer than any P takes that comes at all. */
#define WAIT_TO_BEGIN (1 * EPI_SECOND)
/* The thread that crashed holds a P, or there was no answer before either. */
#define WAIT_IN_VAIN (200 * EPI_MS)

/* Room for the line that says what was left out. */
#define MARK 64

/* Between the end of the context and the end of the process: what was told to
 * stop gets to stop.  On a busy machine Go's timer is later than that; then it counts
 * from when Go says that the context has ended (told), as far as the deadline has room. */
#define GRACE (200 * EPI_MS)

/* Less is of no use. */
#define LEAST (10 * EPI_MS)

static EPI_SAFE uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

/* True when WORD is set within MOST nanoseconds, without those for which the process was
 * stopped.  Where this thread gets no processor, ROOM is left for what comes behind, by the clock
 * of the helper, which knows of stops. */
static EPI_SAFE bool wait_for(const struct epi_incident *incident, const uint32_t *word,
                              uint64_t most, uint64_t room)
{
    struct epi_awake awake = {epi_now(), 0};
    uint64_t pause = EPI_MS / 32;
    while (load(word) == 0) {
        uint64_t watched = incident->out.watched;
        if (incident->go_failed || epi_awake(&awake) >= most ||
            (watched != EPI_OUT_ALONE && watched + room >= incident->deadline))
            return false;
        epi_pause_longer(&pause, 4 * EPI_MS);
    }
    return true;
}

static EPI_SAFE enum epi_last_act last_act(void)
{
    if (epi_goside.live == NULL)
        return EPI_LAST_ACT_NONE;
    return (enum epi_last_act)load(&epi_goside.live->wanted);
}

EPI_SAFE bool epi_oncrash_wanted(void)
{
    return last_act() != EPI_LAST_ACT_NONE;
}

EPI_SAFE bool epi_oncrash_wants_copy(const struct epi_options *options)
{
    return last_act() == EPI_LAST_ACT_COPY && options->panic_copy &&
           epi_goside.forkcopy.area != NULL;
}

EPI_SAFE EPI_ON_CRASH void epi_oncrash_keep(const struct epi_incident *incident,
                                            struct epi_out *out)
{
    struct epi_goroutines *live = epi_goside.live;
    /* A fault that Go dies of is not one that it goes on after. */
    if (!epi_oncrash_wanted() || incident->forked || (incident->apart && !incident->go_death))
        return;
    out->keep = live->report;
    out->keep_size = EPI_GOROUTINES_REPORT - MARK;
    out->kept = 0;
}

static EPI_SAFE void append(struct epi_goroutines *live, const char *text)
{
    while (*text != '\0')
        live->report[live->report_size++] = *text++;
}

/* The text that was kept, and how much there is more. */
static EPI_SAFE void hand_over(struct epi_goroutines *live, const struct epi_out *out)
{
    char digits[21] = "";
    uint64_t more = out->flushed - out->kept;
    live->report_size = out->kept;
    if (more == 0)
        return;
    append(live, "\n... (");
    append(live, epi_decimal(digits + 20, more));
    append(live, " more bytes)\n");
}

EPI_SAFE bool epi_oncrash_ready(const struct epi_incident *incident, uint64_t end)
{
    return incident->out.keep != NULL && epi_now() + LEAST <= end;
}

/* A write to a standard output without a reader kills by SIGPIPE, unless that is
 * ignored (os/file_unix.go, epipecheck).  Says whether it was. */
static EPI_SAFE bool ignore_pipes(bool ignore)
{
    const uint32_t bit = UINT32_C(1) << SIGPIPE;
    uint32_t *word = epi_program.go == NULL ? NULL : (uint32_t *)epi_program.go->signal_ignored;
    if (word == NULL)
        return false;
    uint32_t was = ignore ? __atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST)
                          : __atomic_fetch_and(word, ~bit, __ATOMIC_SEQ_CST);
    return (was & bit) != 0;
}

/* The text, and when the context ends. */
static EPI_SAFE void prepare(struct epi_goroutines *live, const struct epi_incident *incident,
                             uint64_t end)
{
    uint64_t grace = (end - epi_now()) / 8;
    hand_over(live, &incident->out);
    live->until = end - (grace < GRACE ? grace : GRACE);
}

EPI_SAFE bool epi_oncrash_prepare(const struct epi_incident *incident, uint64_t end,
                                  enum epi_ending ending)
{
    struct epi_goroutines *live = epi_goside.live;
    prepare(live, incident, end);
    /* Again, where a host's handler had repaired the crash before. */
    __atomic_store_n(&live->taken, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&live->told, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&live->ended, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&live->ending, (uint32_t)ending, __ATOMIC_SEQ_CST);
    return ignore_pipes(true);
}

/* Counts from the first call on. */
static EPI_SAFE void count(struct epi_awake *awake, uint64_t now)
{
    if (awake->last == 0)
        awake->last = now;
    epi_awake(awake);
}

/* Until it has ended, or END.  One that was not told in time, since Go needs a processor to end
 * a context, and this thread to look, has half of what is left of the deadline, without the
 * time for which the process was stopped; the rest is for this thread to end the process by
 * the original signal.  The helper keeps the deadline itself. */
static EPI_SAFE void wait_for_end(const struct epi_incident *incident, uint64_t end)
{
    struct epi_goroutines *live = epi_goside.live;
    uint64_t grace = end - live->until, room = (incident->deadline - end) / 2;
    struct epi_awake late = {0, 0}, stopping = {0, 0};
    uint64_t pause = EPI_MS / 32;
    while (load(&live->ended) == 0 && !incident->go_failed) {
        uint64_t now = epi_now();
        if (load(&live->told) != 0)
            count(&stopping, now);
        if (now >= end)
            count(&late, now);
        if (late.last != 0 &&
            (late.waited >= room || (stopping.last != 0 && stopping.waited >= grace)))
            return;
        epi_pause_longer(&pause, 4 * EPI_MS);
    }
}

EPI_SAFE void epi_oncrash_run(struct epi_incident *incident, uint64_t end)
{
    struct epi_goroutines *live = epi_goside.live;
    if (incident->apart || incident->go_failed || !epi_oncrash_ready(incident, end))
        return;
    bool ignored = epi_oncrash_prepare(incident, end, EPI_ENDING_C);
    __atomic_store_n(&live->called, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&live->wake, 1, __ATOMIC_SEQ_CST);
    epi_futex_wake_all((_Atomic(uint32_t) *)&live->wake);
    uint64_t now = epi_now(), left = end > now ? end - now : 0;
    uint64_t wait = incident->goroutines_missing ? WAIT_IN_VAIN : WAIT_TO_BEGIN;
    uint64_t room = incident->deadline > end ? (incident->deadline - end) / 2 : 0;
    if (!wait_for(incident, &live->taken, wait < left ? wait : left, room)) {
        uint32_t nobody = 0;
        if (__atomic_compare_exchange_n(&live->taken, &nobody, 2, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
            end = 0; /* no goroutine will begin any more */
    }
    if (end != 0)
        wait_for_end(incident, end);
    __atomic_store_n(&live->called, 0, __ATOMIC_SEQ_CST);
    if (!ignored) /* a host's handler may repair the crash */
        ignore_pipes(false);
}

/* Not after a fatal error, which has a message: then the runtime is damaged, maybe. */
EPI_SAFE void epi_oncrash_run_in_copy(struct epi_incident *incident, ucontext_t *uc)
{
    uint64_t now = epi_now(), end = now + EPI_FORKCOPY_PATIENCE;
    if (end > incident->deadline)
        end = incident->deadline;
    if (!epi_oncrash_wants_copy(incident->options) || incident->forked ||
        incident->subject.goroutine == 0 || epi_goside.crash_output.message_size != 0 ||
        !epi_forkcopy_fits(uc) || !epi_oncrash_ready(incident, end))
        return;
    prepare(epi_goside.live, incident, end);
    uint64_t half = incident->deadline > now ? (incident->deadline - now) / 2 : 0;
    epi_forkcopy_ask(uc, EPI_FORKCOPY_LAST_ACT, end, now + half);
}
