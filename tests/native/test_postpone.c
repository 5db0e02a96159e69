/* A stop of the process is not counted by the deadlines that were set before it, nor added
 * to those that the owner has set since. */
#include "check.h"
#include "clock.h"
#include "incident.h"

enum { STARTED = 1000, STOP = 600 }; /* seconds */

static struct epi_options options = {.deadline = 5 * EPI_SECOND};
static struct epi_incident incident = {.options = &options};

/* An incident that began at BEGAN, with a stage of 300 ms that began 10 ms later. */
static void begin(uint64_t began, bool dump)
{
    incident.deadline = dump ? 0 : began + options.deadline;
    incident.stages_deadline = dump ? began + options.deadline : incident.deadline - EPI_SECOND;
    incident.out.deadline = dump ? incident.stages_deadline : incident.deadline - EPI_SECOND / 2;
    incident.stage_budget = 300 * EPI_MS;
    incident.stage_deadline = began + 10 * EPI_MS + incident.stage_budget;
}

static void check(bool dump, uint64_t whole, uint64_t stage)
{
    uint64_t end = dump ? incident.stages_deadline : incident.deadline;
    CHECK(end == whole, "the whole ends %ld ns late", (long)(end - whole));
    CHECK(dump ? incident.deadline == 0 : incident.stages_deadline == whole - EPI_SECOND,
          "%d: the stages end at %lu", dump, incident.stages_deadline);
    CHECK(incident.out.deadline == (dump ? whole : whole - EPI_SECOND / 2),
          "%d: the output ends at %lu", dump, incident.out.deadline);
    CHECK(incident.stage_deadline == stage, "%d: the stage ends %ld ns late", dump,
          (long)(incident.stage_deadline - stage));
}

static void test(bool dump)
{
    const uint64_t began = STARTED * EPI_SECOND, stop = STOP * EPI_SECOND, later = began + stop;
    begin(began, dump); /* before the stop */
    epi_incident_postpone(&incident, stop, later + 20 * EPI_MS);
    check(dump, later + options.deadline, later + 310 * EPI_MS);

    begin(later, dump); /* after it, and 20 ms before the helper's look */
    epi_incident_postpone(&incident, stop, later + 20 * EPI_MS);
    check(dump, later + 20 * EPI_MS + options.deadline, later + 320 * EPI_MS);

    begin(began, dump); /* before it; the stage is one after it */
    incident.stage_deadline = later + 15 * EPI_MS + incident.stage_budget;
    epi_incident_postpone(&incident, stop, later + 20 * EPI_MS);
    check(dump, later + options.deadline, later + 320 * EPI_MS);

    begin(began, dump); /* between two stages */
    incident.stage_deadline = 0;
    epi_incident_postpone(&incident, stop, later + 20 * EPI_MS);
    check(dump, later + options.deadline, 0);
}

/* The helper sees a crash that began in the middle of its second of sleep.  Until DUE it
 * slept as it should, so that this was no stop, but for a crash that has woken it, and for a
 * helper that did not wake then. */
static void test_first_look(void)
{
    const uint64_t began = STARTED * EPI_SECOND, due = began + EPI_SECOND / 2;
    struct epi_incident crash = {.began = began};
    uint64_t from = epi_incident_watched_from(&crash, due, due + 1);
    CHECK(from == due + 1, "the owner is on its way: from %lu", from - began);
    crash.deadline = began + options.deadline;
    from = epi_incident_watched_from(&crash, due, due + EPI_MS);
    CHECK(from == due, "a first line that blocks: from %lu", from - began);
    from = epi_incident_watched_from(&crash, due, due - EPI_MS);
    CHECK(from == due - EPI_MS, "the same, and a thread has ended: from %lu", from - began);
    from = epi_incident_watched_from(&crash, due, due + STOP * EPI_SECOND);
    CHECK(from == began, "a stop, perhaps of all that time: from %lu", from - began);
    from = epi_incident_watched_from(&crash, began - EPI_MS, began + EPI_MS);
    CHECK(from == began, "the helper was late before it: from %lu", from - began);
    crash.settled = true;
    from = epi_incident_watched_from(&crash, due, began + STOP * EPI_SECOND);
    CHECK(from == began, "it was woken, and a stop: from %lu", from - began);
}

/* Rounds of 300 ms in which the thread waited for a processor are counted; a stop is not. */
static void test_starved(void)
{
    struct epi_watch watch = {.last = STARTED * EPI_SECOND};
    uint64_t now = watch.last, waits = 7 * EPI_SECOND; /* of the time before */
    CHECK(epi_watch_round(&watch, now += 5 * EPI_MS, 0) == 0, "a short round");
    waits += 295 * EPI_MS;
    CHECK(epi_watch_round(&watch, now += 300 * EPI_MS, waits) == 200 * EPI_MS,
          "the first long one: nothing is known of it");
    for (int i = 0; i < 3; i++) {
        waits += 295 * EPI_MS;
        CHECK(epi_watch_round(&watch, now += 300 * EPI_MS, waits) == 0, "it was starved");
    }
    uint64_t stop = epi_watch_round(&watch, now += STOP * EPI_SECOND, waits);
    CHECK(stop == STOP * EPI_SECOND - EPI_STOP, "a stop of %lu ns", stop);
    for (int i = 0; i < 20; i++) { /* these waits are counted once */
        waits += 60 * EPI_MS;
        CHECK(epi_watch_round(&watch, now += 65 * EPI_MS, 0) == 0, "a short round");
    }
    stop = epi_watch_round(&watch, now += STOP * EPI_SECOND, waits);
    CHECK(stop == STOP * EPI_SECOND - EPI_STOP, "a stop of %lu ns, later", stop);
    stop = epi_watch_round(&watch, now += EPI_SECOND, 0);
    CHECK(stop == EPI_SECOND - EPI_STOP, "%lu ns, where the kernel does not say", stop);
}

int main(void)
{
    test_starved();
    test_first_look();
    struct epi_incident none = {.owner = 1};
    test(false);
    test(true);
    epi_incident_postpone(&none, EPI_SECOND, STARTED * EPI_SECOND);
    CHECK(none.deadline == 0 && none.stage_deadline == 0, "a deadline that was not set");
    return check_result();
}
