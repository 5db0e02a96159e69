/* The stage that asks Go, and prints what Go made of it.
 *
 * The wait ends with the answer, so that a crash costs no time where Go is
 * simply idle.  It is done by short sleeps, since a wake-up would be one thing
 * more for a damaged Go to do. */
#include "goroutines.h"
#include "goparts.h"
#include "goside.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../unwind/gostack.h"
#include "../unwind/program.h"
#include "../text/out.h"
#include "../text/write.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../record/ring.h"

#include <stdatomic.h>

/* Longer than any answer takes that comes at all: the scheduler's timers are
 * looked at every 10 ms, and 10 000 goroutines take 0.1 s. */
#define WAIT (2 * EPI_SECOND)
#define BEHIND_IT (20 * EPI_MS) /* what the stage does then */

/* A thread that crashed while it ran Go code keeps its P: the world cannot
 * stop.  But in one of Go's system calls it has given the P away, and then the
 * answer comes at once. */
#define WAIT_IN_GO (300 * EPI_MS)

static EPI_SAFE uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

/* The number of the question.  A dump's is not asked when a crash's has come before it: one
 * that BEFORE is already is seen by its owner, a later one by BEFORE. */
static EPI_SAFE uint32_t ask(struct epi_goroutines *live, const struct epi_incident *incident)
{
    uint32_t before = load(&live->asked);
    uint32_t question = __atomic_add_fetch(&live->reserved, 1, __ATOMIC_SEQ_CST);
    live->asker[question % EPI_ASKERS] = (struct epi_asker){
        incident->style.healthy, incident->subject.tid, incident->subject.goroutine};
    if (incident->style.healthy) {
        if (!epi_crashing())
            __atomic_compare_exchange_n(&live->asked, &before, question, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    } else { /* a dump's question that a crash came across is answered no more */
        __atomic_store_n(&live->claimed, question - 1, __ATOMIC_SEQ_CST);
        __atomic_store_n(&live->asked, question, __ATOMIC_SEQ_CST);
    }
    __atomic_fetch_add(&live->wake, 1, __ATOMIC_SEQ_CST);
    epi_futex_wake_all((_Atomic(uint32_t) *)&live->wake);
    return question;
}

/* Withdraws the question, unless a later one has come, which stands. */
static EPI_SAFE void withdraw(struct epi_goroutines *live, uint32_t question)
{
    uint32_t claimed = load(&live->claimed);
    if ((int32_t)(question - claimed) > 0)
        __atomic_compare_exchange_n(&live->claimed, &claimed, question, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST);
}

static EPI_SAFE uint64_t left_of(uint64_t deadline, uint64_t now)
{
    return deadline > now ? deadline - now : 0;
}

/* Half of what is left of the report's time at most: registers and modules are still to come.
 * And so much less than what is left of this stage that its end is not the helper's. */
static EPI_SAFE uint64_t patience(const struct epi_incident *incident, uint64_t now, bool in_go)
{
    uint64_t wait = in_go ? WAIT_IN_GO : WAIT, half = left_of(incident->stages_deadline, now) / 2;
    uint64_t stage = incident->stage_deadline;
    if (wait > half)
        wait = half;
    if (stage != 0 && wait > left_of(stage, now + BEHIND_IT))
        wait = left_of(stage, now + BEHIND_IT);
    return wait;
}

/* Half of what is left of the report's time, or less, is MOST.  It is counted without the time for
 * which the process was stopped, since Go was stopped, too; and where this thread gets no
 * processor, as much is left for the rest, by the clock of the helper, which knows of stops. */
static EPI_SAFE bool is_over(const struct epi_incident *incident, struct epi_awake *awake,
                             uint64_t most)
{
    uint64_t watched = incident->out.watched;
    return epi_awake(awake) >= most ||
           (watched != EPI_OUT_ALONE && watched + most >= incident->stages_deadline);
}

static EPI_SAFE enum epi_goroutines_answer wait_for(const struct epi_incident *incident,
                                              struct epi_goroutines *live, uint32_t question,
                                              uint64_t most)
{
    struct epi_awake awake = {epi_now(), 0};
    uint64_t pause = EPI_MS / 32;
    while (load(&live->done) != question) {
        bool go_failed = incident->go_failed;
        if (epi_incident_stops(incident)) /* the crash asks a question of its own */
            return EPI_GOROUTINES_NO_P;
        if (go_failed || is_over(incident, &awake, most)) {
            withdraw(live, question);
            if (load(&live->done) == question)
                return EPI_GOROUTINES_ANSWERED;
            if (go_failed)
                return EPI_GOROUTINES_GO_FAILED;
            return load(&live->started) == question ? EPI_GOROUTINES_NO_STOP : EPI_GOROUTINES_NO_P;
        }
        epi_pause_longer(&pause, 4 * EPI_MS);
    }
    return EPI_GOROUTINES_ANSWERED;
}

/* The text was made by a damaged process.  It must not be able to pretend to
 * be another part of the report, nor reach the terminal as control
 * characters. */
static EPI_SAFE bool line_allowed(const char *line)
{
    static const char header[] = "Goroutine", cut[] = "... (";
    char digit = line[0];
    return digit == '\n' || epi_equal(line, "  ", 2) ||
           epi_equal(line, header, sizeof header - 1) ||
           epi_equal(line, cut, sizeof cut - 1) || (digit >= '1' && digit <= '9');
}

/* LINE_ALLOWED looks this far ahead; behind the text there is more memory. */
static EPI_SAFE bool text_allowed(const char *text, uint64_t size)
{
    if (size < 16 || size > EPI_GOROUTINES_TEXT - 16 || text[size - 1] != '\n' ||
        text[size - 2] != '\n' || !epi_equal(text, "Goroutines: ", 12))
        return false;
    for (uint64_t i = 0; i < size; i++) {
        if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
            return false;
        if (i > 0 && text[i - 1] == '\n' && !line_allowed(text + i))
            return false;
    }
    return true;
}

static EPI_SAFE void print(struct epi_out *out, const char *text, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++)
        epi_out_char(out, text[i]);
}

/* A dump goes on for a moment when there is a crash: each has its copy. */
static struct epi_slot copy[2];

static EPI_SAFE bool epi_report_snapshot(struct epi_incident *incident, const char *reason)
{
    struct epi_out *out = &incident->out;
    struct epi_snapshot snapshot;
    if (!epi_ring_newest(&copy[incident->style.healthy], &snapshot))
        return false;
    epi_out_text(out, "Goroutines: ");
    epi_out_decimal(out, (int64_t)snapshot.goroutines);
    epi_out_text(out, ", snapshot ");
    epi_out_seconds(out, snapshot.age);
    epi_out_text(out, " s old (");
    epi_out_text(out, reason);
    epi_out_text(out, "), in ");
    epi_out_decimal(out, (int64_t)snapshot.groups);
    epi_out_text(out, snapshot.groups == 1 ? " group\n\n" : " groups\n\n");
    for (size_t i = 0; i < snapshot.size; i++)
        epi_out_char(out, snapshot.text[i]);
    return true;
}

/* The newest snapshot stands in for an answer that did not come. */
static EPI_SAFE void print_without_answer(struct epi_incident *incident, const char *why)
{
    incident->goroutines_missing = !incident->go_failed; /* else it has printed its dump */
    if (epi_report_snapshot(incident, why))
        return;
    epi_out_text(&incident->out, "Goroutines: unknown (");
    epi_out_text(&incident->out, why);
    epi_out_text(&incident->out, ")\n\n");
}

EPI_SAFE void epi_goroutines_take(struct epi_incident *incident)
{
    struct epi_goroutines *live = epi_goside.live;
    incident->goroutines = EPI_GOROUTINES_NOT_ASKED;
    /* The goroutines of a forked child are copies that do not run. */
    if (incident->apart && !incident->forked) {
        print_without_answer(incident, incident->go_death ? "Go is ending the process"
                                                    : "the fault is in Go's own runtime");
        return;
    }
    if (live == NULL || incident->forked || load(&live->on) == 0)
        return;
    epi_out_flush(&incident->out); /* Go may not survive the question */
    uintptr_t g = 0, waiting = 0;
    if (incident->subject.tid == epi_gettid()) {
        g = epi_go_g(epi_program.go);
        waiting = epi_gostack_goroutine(epi_program.go, g);
        incident->subject.goroutine = epi_program_goroutine();
    }
    bool in_go = g != 0 && waiting == 0 && !incident->stack.crossed_asmcgocall;
    epi_out_catch_up(&incident->out);
    uint64_t most = patience(incident, epi_now(), in_go);
    incident->goroutines = (int)wait_for(incident, live, ask(live, incident), most);
}

EPI_SAFE void epi_goroutines_print(struct epi_incident *incident)
{
    const struct epi_goroutines *live = epi_goside.live;
    switch (incident->goroutines) {
    case EPI_GOROUTINES_NOT_ASKED:
        break;
    case EPI_GOROUTINES_ANSWERED:
        if (live->size == 0)
            print_without_answer(incident, "Go failed to list them");
        else if (text_allowed(live->text, live->size))
            print(&incident->out, live->text, live->size);
        else
            print_without_answer(incident, "what Go answered is damaged");
        break;
    case EPI_GOROUTINES_NO_STOP:
        print_without_answer(incident, "the world did not stop");
        break;
    case EPI_GOROUTINES_GO_FAILED:
        print_without_answer(incident, "Go is ending the process");
        break;
    case EPI_GOROUTINES_NO_P:
        print_without_answer(incident, "Go did not answer");
        break;
    }
}

EPI_SAFE void epi_report_goroutines(struct epi_incident *incident)
{
    epi_goroutines_take(incident);
    epi_goroutines_print(incident);
}
