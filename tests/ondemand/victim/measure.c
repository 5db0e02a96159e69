#include "measure.h"

#include "base/clock.h"
#include "ondemand/ondemand.h"
#include "threads/service.h"
#include "base/system.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

uint64_t measure_due(void) { return epi_ondemand.timers.timer[0].due; }

static uint64_t period, cpus;
static struct measure_late note[10000];
static _Atomic uint32_t notes;

/* The number in a file of the kernel's; 0: it does not tell. */
static uint64_t number(const char *path, const char *format)
{
    uint64_t n = 0;
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return 0;
    if (fscanf(f, format, &n) != 1)
        n = 0;
    fclose(f);
    return n;
}

/* For how long a thread was ready and had no CPU since it began. */
static uint64_t thread_waited(int tid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", tid);
    return number(path, "%*s %" SCNu64);
}

/* For how long a virtual machine's CPUs stood still. */
static uint64_t stolen(void)
{
    uint64_t ticks = number("/proc/stat", "cpu %*s %*s %*s %*s %*s %*s %*s %" SCNu64);
    return ticks * (EPI_SECOND / (uint64_t)sysconf(_SC_CLK_TCK));
}

int measure_dumper(void) { return epi_service_tid(EPI_SERVICE_DUMPER); }

/* The clocks are read in this order, and below in the other: when the caller loses its
 * CPU in between, others seem to have had more, not less. */
struct measure_span measure_begin(int tid)
{
    struct measure_span begin;
    begin.waited = thread_waited(tid);
    begin.stolen = stolen();
    begin.wall = epi_now();
    begin.cpu = epi_clock(CLOCK_PROCESS_CPUTIME_ID);
    return begin;
}

uint64_t measure_excused(struct measure_span since, int tid)
{
    uint64_t own = epi_clock(CLOCK_PROCESS_CPUTIME_ID) - since.cpu;
    uint64_t all = cpus * (epi_now() - since.wall);
    uint64_t others = all > own ? all - own : 0; /* the tick counts what runs just now */
    uint64_t waited = thread_waited(tid) - since.waited;
    return (waited < others ? waited : others) + stolen() - since.stolen;
}

static void *sleeper(void *unused)
{
    int tid = epi_gettid();
    while (notes < EPI_COUNT(note)) {
        struct measure_span begin = measure_begin(tid);
        uint64_t due = epi_now() + period;
        struct timespec until = epi_timespec(due);
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
            /* a dump asked this thread just before it slept */
        }
        note[notes].late = epi_now() - due;
        note[notes].excused = measure_excused(begin, tid);
        notes++;
    }
    return unused;
}

void measure_start_sleeper(uint64_t ns, uint64_t count)
{
    pthread_t thread;
    period = ns;
    cpus = count;
    if (pthread_create(&thread, NULL, sleeper, NULL) == 0)
        pthread_detach(thread);
}

bool measure_sleeper_late(struct measure_late *late)
{
    static uint32_t next;
    if (next >= notes)
        return false;
    *late = note[next++];
    return true;
}

size_t measure_allocated(void) { return mallinfo2().uordblks; }

int measure_add(int n) { return n + 1; }
