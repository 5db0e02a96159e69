/* Which stages are skipped when their time is over: those that follow one that has hung, and
 * none after a stop of the process, which the helper thread has yet to postpone the deadlines
 * by. */
#include "check.h"
#include "clock.h"
#include "fd.h"
#include "incident.h"
#include "stage.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static struct epi_options options = {.deadline = 5 * EPI_SECOND};
static struct epi_incident incident = {.options = &options};
static int runs;

static void run(struct epi_incident *of)
{
    (void)of;
    runs++;
}

/* Whether a stage runs when the time of the stages is over since LATE, and that of the output
 * ends after LEFT; behind one that failed, if FAILED is not NULL. */
static bool stage_runs(uint64_t late, uint64_t left, const char *failed, bool timed_out, int fd)
{
    const struct epi_stage stage = {"tested", 100, run};
    const struct epi_fd none = {.fd = -1};
    uint64_t now = epi_now();
    runs = 0;
    epi_out_start(&incident.out, epi_fd_of(fd), none, now + left);
    incident.stages_deadline = now - late;
    incident.failure_count = failed != NULL;
    incident.failure[0].stage = failed;
    incident.failure[0].timed_out = timed_out;
    epi_stage_run(&incident, &stage);
    return runs > 0;
}

int main(void)
{
    int ends[2];
    char text[256];
    if (pipe(ends) != 0)
        return 1;
    CHECK(stage_runs(10 * EPI_SECOND, 0, NULL, false, ends[1]), "after a stop");
    CHECK(stage_runs(10 * EPI_SECOND, 0, "other", false, ends[1]), "after a stop, and a fault");
    CHECK(stage_runs(EPI_MS, 10 * EPI_SECOND, "other", true, ends[1]), "with time for the text");
    CHECK(incident.failure_count == 1, "%u failures", incident.failure_count);

    /* The text has no time, so it is lost: what is left of the buffer is the notice. */
    CHECK(!stage_runs(10 * EPI_MS, 0, "other", true, ends[1]), "behind one that hung");
    CHECK(incident.failure_count == 2 && incident.failure[1].timed_out &&
              strcmp(incident.failure[1].stage, "tested") == 0,
          "%u failures", incident.failure_count);
    CHECK(!stage_runs(10 * EPI_MS, 30 * EPI_MS, "other", true, ends[1]), "with little time");
    close(ends[1]);
    ssize_t size = read(ends[0], text, sizeof text - 1);
    text[size < 0 ? 0 : size] = '\0';
    CHECK(strcmp(text, "[stage \"tested\" timed out after 0 ms; skipped]\n") == 0, "it says %s", text);
    return check_result();
}
