#define _GNU_SOURCE
#include "healthy.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_int ready, go;

static void pause_ms(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static void *block_and_exec(void *arg) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, (int)(intptr_t)arg);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    ready = 1;
    while (!go)
        pause_ms(1);
    execl("/proc/self/exe", "victim", "pending", (char *)NULL);
    return NULL;
}

void healthy_exec_start(int signal) {
    pthread_t thread;
    pthread_create(&thread, NULL, block_and_exec, (void *)(intptr_t)signal);
    while (!ready)
        pause_ms(1);
}

void healthy_exec(void) {
    go = 1;
    for (;;)
        pause_ms(1000);
}

int healthy_pending(void) {
    sigset_t pending;
    int n = 0;
    sigpending(&pending);
    for (int signal = 35; signal <= 64; signal++)
        n += sigismember(&pending, signal);
    return n;
}

void healthy_reset(int signal) {
    struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        unsigned long mask;
    } action;
    memset(&action, 0, sizeof action);
    syscall(SYS_rt_sigaction, signal, &action, NULL, 8);
}

static int ends[2];

static int reader(void *arg) {
    char c;
    for (;;)
        if (read(ends[0], &c, 1) <= 0)
            _exit(7); /* of the program: the read was not restarted */
    (void)arg;
}

void healthy_start_reader(void) {
    char *stack = malloc(65536);
    if (pipe(ends) != 0 ||
        clone(reader, stack + 65536,
              CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
              NULL) < 0)
        _exit(6);
}

static atomic_long interrupted;
static int poll_ms;

static void *poller(void *arg) {
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        for (volatile int i = 0; i < 100000; i++)
            ;
        if (poll(NULL, 0, 1) < 0 && errno == EINTR)
            interrupted++;
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 <
             poll_ms);
    return arg;
}

long healthy_polls(int rounds, int n, int ms) {
    poll_ms = ms;
    for (int round = 0; round < rounds; round++) {
        pthread_t threads[64];
        for (int i = 0; i < n; i++)
            pthread_create(&threads[i], NULL, poller, NULL);
        for (int i = 0; i < n; i++)
            pthread_join(threads[i], NULL);
    }
    return interrupted;
}
