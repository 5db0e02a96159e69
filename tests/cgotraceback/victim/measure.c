/* What Go does in the handler of SIGPROF: the function that is registered is called with
 * the context of the signal, and all signals blocked. */
#include "calls.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

struct traceback {
    uintptr_t context, signal;
    uintptr_t *pcs;
    uintptr_t max;
};

void (*_cgo_get_traceback_function(void))(struct traceback *); /* of runtime/cgo */

long walk_ns, walk_frames;
static int repetitions;

static long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000L + time.tv_nsec;
}

static void handler(int signal, siginfo_t *info, void *context)
{
    void (*traceback)(struct traceback *) = _cgo_get_traceback_function();
    uintptr_t pcs[32] = {0};
    struct traceback arg = {0, (uintptr_t)context, pcs, 32};
    long begin = now();
    (void)signal, (void)info;
    for (int i = 0; i < repetitions; i++)
        traceback(&arg);
    walk_ns = (now() - begin) / repetitions;
    for (walk_frames = 0; walk_frames < 32 && pcs[walk_frames] != 0; walk_frames++)
        ;
}

static int ask(const void *a, const void *b)
{
    if (repetitions != 0)
        raise(SIGUSR2);
    repetitions = 0;
    return a < b;
}

void walk(int times)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    int two[2] = {2, 1};
    sigfillset(&action.sa_mask);
    sigaction(SIGUSR2, &action, NULL);
    repetitions = times;
    qsort(two, 2, sizeof two[0], ask);
}
