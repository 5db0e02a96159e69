//go:build linux && cgo

// What Go is doing at the time of the crash: collecting garbage, or standing between two stretches of C.
#include "crash.h"

#include "_cgo_export.h"

#include <pthread.h>

// Go's side keeps the collector busy, see gc.go.
CRASH_FN void crash_in_gc(void) {
    volatile int *p = crash_hide(NULL);
    *p = 1;
}

CRASH_FN void crash_go_c_go_c(void) {
    volatile int *p = crash_hide(NULL);
    *p = 1;
}

CRASH_FN void enter_go_c_go_c(void) {
    goBetween();
    CRASH_KEEP_FRAME();
}

CRASH_FN void crash_callback_thread(void) {
    volatile int *p = crash_hide(NULL);
    *p = 1;
}

void *demo_callback_thread_main(void *arg);

CRASH_FN void *demo_callback_thread_main(void *arg) {
    goOnThread();
    CRASH_KEEP_FRAME();
    return arg;
}

CRASH_FN void enter_callback_thread(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, demo_callback_thread_main, NULL) != 0) {
        crash_unavailable("no more threads");
    }
    pthread_join(thread, NULL);
}
