//go:build linux && cgo

#include "places.h"

#include "_cgo_export.h"

#include <pthread.h>
#include <signal.h>

#define ON_STACK __attribute__((noinline, used, visibility("default")))

// After each call: a call that ends a function would become a jump, and its frame would be gone.
#define KEEP_FRAME() __asm__ volatile("" ::: "memory")

static int unmasked_signal;

void demo_mask_all_but(int signal) {
    unmasked_signal = signal;
}

ON_STACK void demo_caller(demo_function crash) {
    if (unmasked_signal != 0) {
        sigset_t set;
        sigfillset(&set);
        sigdelset(&set, unmasked_signal);
        pthread_sigmask(SIG_SETMASK, &set, NULL);
    }
    crash();
    KEEP_FRAME();
}

ON_STACK void demo_enter(demo_function crash) {
    demo_caller(crash);
    KEEP_FRAME();
}

ON_STACK void demo_outer(demo_function crash) {
    demo_middle(crash);
    KEEP_FRAME();
}

ON_STACK void demo_middle(demo_function crash) {
    demo_caller(crash);
    KEEP_FRAME();
}

ON_STACK void demo_visit(demo_function crash) {
    demo_visit_one(crash);
    KEEP_FRAME();
}

ON_STACK void demo_visit_one(demo_function crash) {
    goVisit(crash);
    KEEP_FRAME();
}

ON_STACK void demo_thread_work(demo_function crash) {
    demo_caller(crash);
    KEEP_FRAME();
}

ON_STACK void *demo_thread_main(void *arg) {
    demo_thread_work(*(demo_function *)arg);
    KEEP_FRAME();
    return NULL;
}

ON_STACK int demo_on_thread(demo_function crash) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, demo_thread_main, &crash);
    if (error == 0) {
        error = pthread_join(thread, NULL);
    }
    return error;
}
