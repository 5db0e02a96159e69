#include "crash.h"

#include "_cgo_export.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#define NOINLINE __attribute__((noinline, used))
#define KEEP_FRAME() __asm__ volatile("" ::: "memory")

static void *damaged;
static size_t damaged_size;

void victim_damage(uintptr_t p, size_t size) {
    damaged = (void *)p;
    damaged_size = size;
}

NOINLINE void victim_crash(int ms) {
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&pause, NULL);
    if (damaged != NULL) {
        memset(damaged, 0xa5, damaged_size);
    }
    volatile int *null = (volatile int *)8;
    __asm__ volatile("" : "+r"(null));
    *null = 1;
    KEEP_FRAME();
}

NOINLINE void victim_call_back(int ms) {
    goCallBack(ms);
    KEEP_FRAME();
}

static void *thread_main(void *arg) {
    victim_crash(*(int *)arg);
    KEEP_FRAME();
    return NULL;
}

int victim_on_thread(int ms) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, thread_main, &ms);
    if (error == 0) {
        error = pthread_join(thread, NULL);
    }
    return error;
}

