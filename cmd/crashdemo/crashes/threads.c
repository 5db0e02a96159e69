//go:build linux && cgo

// Many threads at once: one of them reports, the others must not disturb it.
#include "crash.h"

#include <pthread.h>

enum { THREADS = 8 };

void crash_eight_threads(void);
void *demo_eight_threads_main(void *arg);

static pthread_barrier_t all_there;

CRASH_FN void crash_eight_threads(void) {
    pthread_barrier_wait(&all_there);
    volatile int *p = crash_hide(NULL);
    *p = 1;
}

CRASH_FN void *demo_eight_threads_main(void *arg) {
    crash_eight_threads();
    CRASH_KEEP_FRAME();
    return arg;
}

CRASH_FN void enter_eight_threads(void) {
    pthread_t threads[THREADS];
    pthread_barrier_init(&all_there, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, demo_eight_threads_main, NULL) != 0) {
            crash_unavailable("no more threads");
        }
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}
