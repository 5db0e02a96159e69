/* Text whose deadline passes while the process is stopped gets out: the writer gives up when
 * the helper thread has looked behind the deadline, however late that is, and not before. */
#include "check.h"
#include "clock.h"
#include "out.h"
#include "write.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

static struct epi_out out;
static int ends[2];

/* Many of the writer's looks; on a busy machine the helper thread is that late. */
#define LATE (200 * EPI_MS)

static void *postpone(void *unused)
{
    epi_pause(LATE);
    out.deadline += 60 * EPI_SECOND;
    out.watched = epi_now();
    epi_pause(LATE);
    char bytes[4096];
    CHECK(read(ends[0], bytes, sizeof bytes) == sizeof bytes, "the pipe was not full");
    return unused;
}

static void *look(void *unused)
{
    epi_pause(LATE);
    out.watched = epi_now();
    return unused;
}

/* Writes to a full pipe, behind the deadline.  True when the text gets out. */
static bool written(uint64_t watched, void *(*helper)(void *))
{
    static const char text[] = "text";
    char bytes[4096];
    pthread_t thread;
    memset(bytes, '.', sizeof bytes);
    CHECK(pipe2(ends, O_NONBLOCK) == 0 && fcntl(ends[1], F_SETPIPE_SZ, 4096) == 4096 &&
              write(ends[1], bytes, sizeof bytes) == sizeof bytes,
          "no pipe that is full");
    epi_out_start(&out, epi_fd_of(ends[1]), epi_fd_of(-1), epi_now() - 1);
    out.watched = watched;
    if (helper != NULL)
        pthread_create(&thread, NULL, helper, NULL);
    epi_out_text(&out, text);
    epi_out_flush(&out);
    if (helper != NULL)
        pthread_join(thread, NULL);
    size_t size = 0;
    for (ssize_t n; (n = read(ends[0], bytes, sizeof bytes)) > 0; size = (size_t)n)
        ;
    bool is = size == strlen(text) && memcmp(bytes, text, size) == 0;
    CHECK(is != out.lost, "lost: %d, %zu bytes", out.lost, size);
    close(ends[0]);
    close(ends[1]);
    return is;
}

/* Who computes with a deadline waits for the helper's look, too, if that is long ago. */
static void test_catch_up(void)
{
    pthread_t thread;
    uint64_t began = epi_now();
    out.watched = began - EPI_SECOND;
    pthread_create(&thread, NULL, look, NULL);
    epi_out_catch_up(&out);
    CHECK(out.watched >= began + LATE && out.watched != EPI_OUT_ALONE, "not waited for");
    pthread_join(thread, NULL);
    uint64_t seen = out.watched = epi_now();
    epi_out_catch_up(&out);
    CHECK(out.watched == seen, "a look of just now is not enough");
    out.watched = began - EPI_SECOND;
    epi_out_catch_up(&out);
    CHECK(epi_now() - seen >= 400 * EPI_MS, "not waited for");
    seen = epi_now();
    for (int i = 0; i < 1000; i++) /* with waits it would take minutes */
        epi_out_catch_up(&out);
    CHECK(epi_now() - seen < 60 * EPI_SECOND, "a helper that never looks is waited for again");
}

int main(void)
{
    test_catch_up();
    CHECK(written(0, postpone), "the writer has not waited for the helper");
    CHECK(!written(0, look), "the writer has waited behind the helper's look");
    CHECK(!written(0, NULL), "the writer has waited for a helper that never looks");
    CHECK(!written(epi_now() + EPI_SECOND, NULL), "the deadline did not count");
    CHECK(!written(EPI_OUT_ALONE, NULL), "the deadline of text that is not watched did not count");
    return check_result();
}
