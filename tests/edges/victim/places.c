#include "crash.h"

#include "_cgo_export.h"

#include <pthread.h>
#include <stddef.h>

NOINLINE void victim_call(victim_function crash) {
    crash();
    KEEP_FRAME();
}

NOINLINE void victim_call_back(victim_function crash) {
    goCallBack(crash);
    KEEP_FRAME();
}

NOINLINE void victim_call_back_without(void) {
    victim_call_back(NULL);
    KEEP_FRAME();
}

static void *thread_main(void *arg) {
    victim_call(*(victim_function *)arg);
    KEEP_FRAME();
    return NULL;
}

int victim_on_thread(victim_function crash) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, thread_main, &crash);
    if (error == 0) {
        error = pthread_join(thread, NULL);
    }
    return error;
}
