/* What goroutines wait for, and how many for the same; and the style of a report, which stays
 * when the print of a place faults. */
#include "check.h"
#include "clock.h"
#include "goside.h"
#include "hang.h"
#include "report_parts.h"
#include "sentence.h"
#include "threads.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static struct epi_incident dump;
static struct epi_options options = {.all_threads = true, .native_stack = true};
static struct epi_goroutines live;

#define FRAMES " (most recent call first):\n  File \"/srv/a.go\", line 17 in main.wait\n\n"

/* The end of the sentence, which has LEFT nanoseconds. */
static const char *why(const char *text, uint64_t left)
{
    static char copy[EPI_GOROUTINES_TEXT];
    live.size = strlen(text);
    memcpy(copy, text, live.size + 1);
    live.text = copy;
    dump.goroutines = EPI_GOROUTINES_ANSWERED;
    dump.stage_deadline = epi_now() + left;
    epi_report_hang_sentence(&dump, 0);
    return epi_sentence_why(&dump);
}

/* Those that have waited for another time count, too; the longest one is shown. */
static void counts_every_time(void)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"Goroutine 1 [sync.Mutex.Lock, 5 minutes]" FRAMES, "sync.Mutex.Lock"},
        {"Goroutine 1 [sync.Mutex.Lock, 5 minutes]" FRAMES
         "Goroutines 2, 3 [sync.Mutex.Lock, 3 minutes]" FRAMES
         "Goroutine 4 [sync.Mutex.Lock]" FRAMES, "sync.Mutex.Lock, 4 goroutines"},
        {"Goroutine 4 [sync.Mutex.Lock]" FRAMES
         "Goroutines 1, 9, ... (7 in all) [sync.Mutex.Lock, 1 to 5 minutes]" FRAMES,
         "sync.Mutex.Lock, 8 goroutines"},
        /* Others of the rank are not in the way, nor are those of a higher one. */
        {"Goroutine 1 [chan receive, 9 minutes]" FRAMES
         "Goroutine 2 [sync.RWMutex.Lock, 2 minutes]" FRAMES
         "Goroutine 3 [sync.Mutex.Lock, 3 minutes]" FRAMES
         "Goroutine 4 [sync.RWMutex.Lock, 5 minutes]" FRAMES
         "Goroutine 5 [sync.RWMutex.Lock]" FRAMES
         "Goroutine 6 [sync.Mutex.Lock, 5 minutes]" FRAMES
         "Goroutine 7 [chan receive]" FRAMES, "sync.RWMutex.Lock, 3 goroutines"},
    };
    for (size_t i = 0; i < EPI_COUNT(cases); i++) {
        const char *got = why(cases[i].text, 60 * EPI_SECOND);
        CHECK(strcmp(got, cases[i].why) == 0, "%zu: %s", i, got);
    }
}

/* The first stack of the program's is looked at in any case. */
static void ends_in_time(void)
{
    const char *got = why("Goroutine 1 [select]\n  File \"/usr/lib/go/src/runtime/proc.go\", line 1 in "
                          "runtime.gopark\n\n"
                          "Goroutine 2 [chan receive]" FRAMES "Goroutine 3 [sync.Mutex.Lock]" FRAMES, 0);
    CHECK(strcmp(got, "chan receive") == 0, "%s", got);
    got = why("Goroutines 2, 3 [chan receive]" FRAMES "Goroutine 4 [chan receive]" FRAMES, 0);
    CHECK(strcmp(got, "chan receive") == 0, "%s", got);
}

static sigjmp_buf guard;

static void on_fault(int signal)
{
    (void)signal;
    siglongjmp(guard, 1);
}

static void fault_leaves_the_style(void)
{
    struct sigaction action = {.sa_handler = on_fault};
    struct epi_frame *frame = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    volatile bool faulted = false;
    sigaction(SIGSEGV, &action, NULL);
    if (sigsetjmp(guard, 1) == 0)
        epi_print_place(&dump, frame);
    else
        faulted = true;
    CHECK(faulted, "there was no fault");
    CHECK(!dump.style.places, "the stacks of the rest are places");
}

int main(void)
{
    struct epi_threads *threads = calloc(1, sizeof *threads);
    threads->error = ENOSYS;
    epi_threading.threads[EPI_ASK_DUMP] = threads;
    epi_goside.live = &live;
    dump.style.healthy = true;
    dump.options = &options;
    counts_every_time();
    ends_in_time();
    fault_leaves_the_style();
    return check_result();
}
