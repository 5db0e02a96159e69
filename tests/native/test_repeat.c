/* Which repetitions of a dump are left out, and what counts as a change. */
#include "check.h"
#include "dump.h"
#include "repeat.h"
#include "report_parts.h"
#include "goside.h"
#include "threads.h"

#include <stdlib.h>
#include <string.h>

/* One dump in which there is NOW to show; is it written? */
static bool turn(struct epi_repeat *repeat, uint64_t now)
{
    repeat->now = now;
    if (repeat->began && epi_repeat_leave_out(repeat))
        return false;
    epi_repeat_written(repeat);
    return true;
}

static void leaves_out_ever_more(void)
{
    struct epi_repeat repeat = {0};
    uint32_t gap = 0, want = 0, written = 0;
    for (int i = 0; i < 2000; i++) {
        if (!turn(&repeat, 5)) {
            gap++;
            CHECK(repeat.left_out == gap, "%u of %u", repeat.left_out, gap);
            continue;
        }
        CHECK(gap == want, "number %d comes after %u were left out, not %u", i, gap, want);
        want = 2 * want + 1; /* none before the first, then 1, 3, 7 */
        written++;
        gap = 0;
    }
    CHECK(written == 10, "%u written", written);
}

static void writes_what_is_new(void)
{
    struct epi_repeat repeat = {0};
    CHECK(turn(&repeat, 1) && !turn(&repeat, 1) && turn(&repeat, 1) && !turn(&repeat, 1),
          "the beginning");
    CHECK(turn(&repeat, 3), "a change is not written");
    CHECK(!turn(&repeat, 3) && turn(&repeat, 3), "and it does not begin anew");
    CHECK(turn(&repeat, 0) && turn(&repeat, 0), "what is not known is left out");
    CHECK(turn(&repeat, 9) && !turn(&repeat, 9), "after that");
    epi_repeat_restart(&repeat);
    CHECK(turn(&repeat, 9), "the first one is left out");
}

static struct epi_incident dump;
static struct epi_repeat repeat;
static struct epi_dump how = {.kind = EPI_DUMP_TIMEOUT, .repeat = &repeat};
static struct epi_goroutines live;

static uint64_t digest(const char *text, enum epi_goroutines_answer answer)
{
    live.text = (char *)(uintptr_t)text;
    live.size = strlen(text);
    dump.dump = &how;
    dump.goroutines = (int)answer;
    repeat.now = 0;
    epi_repeat_digest(&dump);
    CHECK(repeat.now != 0, "no digest");
    return repeat.now;
}

#define HEAD "Goroutines: 3, live, in 2 groups; 6 of Epitaph's own not shown\n\n"
#define FRAME "  File \"/a.go\", line 17 in main.wait\n\n"
#define TAIL "Goroutines 8, 9 [select, locked to thread] (most recent call first):\n" FRAME

static void goroutines(void)
{
    static const struct {
        const char *text;
        bool same;
    } other[] = {
        {HEAD "Goroutine 7 [chan receive, 9 minutes] (most recent call first):\n" FRAME TAIL, true},
        {HEAD "Goroutine 7 [chan receive] (most recent call first):\n" FRAME TAIL, true},
        {"Goroutines: 3, live, in 2 groups; 7 of Epitaph's own not shown\n\n"
         "Goroutine 7 [chan receive] (most recent call first):\n" FRAME TAIL, true},
        {"Goroutines: 4, live, in 2 groups; 6 of Epitaph's own not shown\n\n"
         "Goroutine 7 [chan receive] (most recent call first):\n" FRAME TAIL, false},
        {HEAD "Goroutine 7 [chan send, 3 minutes] (most recent call first):\n" FRAME TAIL, false},
        {HEAD "Goroutine 5 [chan receive, 3 minutes] (most recent call first):\n" FRAME TAIL, false},
        {HEAD "Goroutine 7 [chan receive, 3 minutes] (most recent call first):\n"
              "  File \"/a.go\", line 18 in main.wait\n\n" TAIL, false},
        {HEAD "Goroutine 7 [chan receive, 3 minutes] (most recent call first):\n"
              "  File \"/a,b.go\", line 17 in main.f[int,string]\n\n" TAIL, false},
    };
    uint64_t one = digest(
        HEAD "Goroutine 7 [chan receive, 3 minutes] (most recent call first):\n" FRAME TAIL,
        EPI_GOROUTINES_ANSWERED);
    for (size_t i = 0; i < EPI_COUNT(other); i++)
        CHECK((digest(other[i].text, EPI_GOROUTINES_ANSWERED) == one) == other[i].same, "text %zu", i);
    CHECK(digest("x", EPI_GOROUTINES_NO_P) == digest("y", EPI_GOROUTINES_NO_P), "an old text counts");
    CHECK(digest("x", EPI_GOROUTINES_NO_P) != digest("x", EPI_GOROUTINES_NO_STOP), "the reason does not count");
}

static void add(struct epi_threads *threads, int tid, enum epi_fate fate, uintptr_t pc)
{
    struct epi_thread *thread = &threads->thread[threads->count++];
    memset(thread, 0, sizeof *thread);
    thread->tid = tid;
    thread->turn = (uint64_t)threads->epoch << 2 | EPI_DONE;
    thread->fate = (uint8_t)fate;
    thread->stack.count = 1;
    thread->stack.frame[0].pc = pc;
}

/* The digest of three threads; of the last one by the arguments. */
static uint64_t threads_with(int tid, enum epi_fate fate, uintptr_t pc, bool first)
{
    struct epi_threads *threads = epi_threading.threads[EPI_ASK_DUMP];
    threads->count = 0;
    threads->grouped = false;
    if (first)
        add(threads, tid, fate, pc);
    add(threads, 10, EPI_FATE_ANSWERED, 0x1000);
    add(threads, 11, EPI_FATE_ANSWERED, 0x1000);
    if (!first)
        add(threads, tid, fate, pc);
    return epi_threads_digest(threads);
}

static void threads(void)
{
    uint64_t one = threads_with(12, EPI_FATE_ANSWERED, 0x2000, true);
    CHECK(one == threads_with(12, EPI_FATE_ANSWERED, 0x2000, false), "the order counts");
    CHECK(one != threads_with(12, EPI_FATE_ANSWERED, 0x2001, true), "where it is does not count");
    CHECK(one != threads_with(13, EPI_FATE_ANSWERED, 0x2000, true), "who it is does not count");
    CHECK(threads_with(12, EPI_FATE_SERVICE, 1, true) == threads_with(13, EPI_FATE_ENDED, 2, true),
          "own threads and ended ones count");
}

int main(void)
{
    epi_threading.threads[EPI_ASK_DUMP] = calloc(1, sizeof(struct epi_threads));
    epi_threading.threads[EPI_ASK_DUMP]->epoch = 1;
    epi_goside.live = &live;
    leaves_out_ever_more();
    writes_what_is_new();
    goroutines();
    threads();
    return check_result();
}
