#include "stacks.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static atomic_int has_stack, go;

__attribute__((noinline)) int stacks_recurse(volatile char *above) {
    volatile char room[4096];
    room[0] = above[0];
    room[1] = (char)(stacks_recurse(room) + 1);
    return room[1];
}

static int ends[2];

/* Asleep in a call that a signal does not end, but for moments in which it looks. */
void stacks_body(void) {
    volatile char first[16] = "";
    char c;
    prctl(PR_SET_NAME, "bare");
    while (!go && read(ends[0], &c, 1) == 1) {
        stack_t stack;
        sigaltstack(NULL, &stack);
        has_stack = (stack.ss_flags & SS_DISABLE) == 0;
    }
    stacks_recurse(first);
}

void stacks_prepare(void) {
    if (pipe(ends) != 0)
        _exit(9);
}

static void wake(void) {
    if (write(ends[1], "x", 1) != 1)
        _exit(9);
}

static void *body(void *arg) {
    stacks_body();
    return arg;
}

void stacks_start(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, body, NULL);
}

static void pause_ms(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

int stacks_wait(int limit_ms) {
    for (int ms = 0; ms < limit_ms; ms += 10, pause_ms(10)) {
        wake();
        if (has_stack)
            return ms;
    }
    return -1;
}

void stacks_overflow(void) {
    go = 1;
    wake();
    for (;;)
        pause_ms(1000);
}

static char own[65536];

static void *keep_own(void *arg) {
    stack_t mine = {.ss_sp = own, .ss_size = sizeof own, .ss_flags = 0}, now;
    struct timespec begin, t;
    int *kept = arg, ms = *kept;
    sigaltstack(&mine, NULL);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        sigaltstack(NULL, &now);
        clock_gettime(CLOCK_MONOTONIC, &t);
    } while (now.ss_sp == own && now.ss_size == sizeof own &&
             (t.tv_sec - begin.tv_sec) * 1000 + (t.tv_nsec - begin.tv_nsec) / 1000000 < ms);
    *kept = now.ss_sp == own && now.ss_size == sizeof own;
    return NULL;
}

int stacks_own_kept(int ms) {
    pthread_t thread;
    pthread_create(&thread, NULL, keep_own, &ms);
    pthread_join(thread, NULL);
    return ms;
}

int stacks_mappings(void) {
    int n = 0, c;
    FILE *f = fopen("/proc/self/maps", "r");
    while ((c = getc(f)) != EOF)
        n += c == '\n';
    fclose(f);
    return n;
}
