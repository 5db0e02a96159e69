#define _GNU_SOURCE
#include "native.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- crashes ---- */

void crash_read_null(void)
{
    (void)*(volatile int *)0;
}

void crash_raise(int signal)
{
    raise(signal);
}

void crash_abort(void)
{
    abort();
}

void crash_assert(void)
{
    assert(!"in new thread");
}

/* A symbol of 550 characters. */
#define TEN   "xxxxxxxxxx"
#define FIFTY TEN TEN TEN TEN TEN
void long_name(void) __asm__(FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY);

__attribute__((noipa)) void long_name(void)
{
    crash_read_null();
    __asm__ volatile("" ::: "memory");
}

void crash_long_name(void)
{
    long_name();
    __asm__ volatile("" ::: "memory"); /* not a tail call */
}

__attribute__((noipa)) static int overflow(volatile char *above)
{
    volatile char here[4096];
    here[0] = above[0];
    return overflow(here) + here[1];
}

void crash_overflow(void)
{
    volatile char here[8] = {0};
    overflow(here);
}

static void *crasher(void *kind)
{
    pthread_setname_np(pthread_self(), "crasher");
    if (strcmp(kind, "overflow") == 0)
        crash_overflow();
    else if (strcmp(kind, "abort") == 0)
        crash_abort();
    else if (strcmp(kind, "assert") == 0)
        crash_assert();
    else
        crash_read_null();
    return NULL;
}

void crash_on_thread(const char *kind)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, crasher, (void *)kind) == 0)
        pthread_join(thread, NULL);
}

static pthread_barrier_t both;

static void *twin(void *unused)
{
    pthread_barrier_wait(&both);
    crash_read_null();
    return unused;
}

void crash_two_threads(void)
{
    pthread_t thread[2];
    pthread_barrier_init(&both, NULL, 2);
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, twin, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
}

/* ---- threads that wait ---- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static int open_gate, waiting;
static pthread_t waiters[256];
static int waiter_count;

static void *c_waiter(void *unused)
{
    pthread_setname_np(pthread_self(), "waiter");
    pthread_mutex_lock(&gate);
    waiting++;
    pthread_cond_broadcast(&opened);
    while (!open_gate)
        pthread_cond_wait(&opened, &gate);
    pthread_mutex_unlock(&gate);
    return unused;
}

int start_waiters(int n)
{
    open_gate = waiting = waiter_count = 0;
    while (waiter_count < n && waiter_count < 256 &&
           pthread_create(&waiters[waiter_count], NULL, c_waiter, NULL) == 0)
        waiter_count++;
    pthread_mutex_lock(&gate);
    while (waiting < waiter_count)
        pthread_cond_wait(&opened, &gate);
    pthread_mutex_unlock(&gate);
    return waiter_count;
}

void release_waiters(void)
{
    pthread_mutex_lock(&gate);
    open_gate = 1;
    pthread_cond_broadcast(&opened);
    pthread_mutex_unlock(&gate);
    for (int i = 0; i < waiter_count; i++)
        pthread_join(waiters[i], NULL);
}

/* ---- signals ---- */

__attribute__((noinline)) static void *c_raiser(void *signal)
{
    pthread_setname_np(pthread_self(), "raiser");
    raise((int)(intptr_t)signal);
    __asm__ volatile("" ::: "memory"); /* not a tail call */
    return NULL;
}

void raise_on_thread(int signal)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, c_raiser, (void *)(intptr_t)signal) == 0)
        pthread_join(thread, NULL);
}

static _Atomic int counted, sender;

static void count_signal(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    sender = info->si_pid;
    counted++;
}

static void count_with(int signal, unsigned flags)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = count_signal;
    action.sa_flags = (int)(SA_SIGINFO | SA_ONSTACK | SA_RESTART | flags);
    sigaction(signal, &action, NULL);
}

void count_signals(int signal)
{
    count_with(signal, 0);
}

void count_one_signal(int signal)
{
    count_with(signal, SA_RESETHAND);
}

int counted_signals(void)
{
    return counted;
}

int counted_sender(void)
{
    return sender;
}

int same_handler(int signal, int other)
{
    struct sigaction action[2];
    sigaction(signal, NULL, &action[0]);
    sigaction(other, NULL, &action[1]);
    return action[0].sa_handler == action[1].sa_handler;
}

int fork_and_raise(int signal, int status)
{
    int result;
    pid_t child = fork();
    if (child == 0) {
        raise(signal);
        _exit(status);
    }
    return waitpid(child, &result, 0) == child ? result : -1;
}

/* ---- work ---- */

static _Atomic int stop_work, wrong;
static _Atomic long rounds;
static pthread_t worker[3];
static int pipes[2];

static void *work_malloc(void *unused)
{
    void *block[64] = {NULL};
    for (unsigned i = 0; !stop_work; i++) {
        free(block[i % 64]);
        block[i % 64] = malloc(16 + i % 5000);
        memset(block[i % 64], (int)i, 16);
        rounds++;
    }
    for (int i = 0; i < 64; i++)
        free(block[i]);
    return unused;
}

/* The sum of a linear congruential sequence that comes round. */
static void *work_compute(void *unused)
{
    uint64_t expected = 0;
    while (!stop_work) {
        uint64_t x = 1, sum = 0;
        for (int i = 0; i < 100000; i++) {
            x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
            sum += x ^ x >> 33;
        }
        double y = 1;
        for (int i = 1; i < 1000; i++)
            y += 1.0 / i;
        memcpy(&x, &y, sizeof x);
        sum += x;
        if (expected == 0)
            expected = sum;
        if (sum != expected)
            wrong++;
        rounds++;
    }
    return unused;
}

/* A read that blocks goes on after a signal. */
static void *work_read(void *unused)
{
    char byte;
    for (;;) {
        ssize_t n = read(pipes[0], &byte, 1);
        if (n == 0)
            return unused;
        if (n != 1)
            wrong++;
        rounds++;
    }
}

void start_work(void)
{
    if (pipe(pipes) != 0)
        abort();
    pthread_create(&worker[0], NULL, work_malloc, NULL);
    pthread_create(&worker[1], NULL, work_compute, NULL);
    pthread_create(&worker[2], NULL, work_read, NULL);
}

int end_work(long *all)
{
    stop_work = 1;
    close(pipes[1]);
    for (int i = 0; i < 3; i++)
        pthread_join(worker[i], NULL);
    *all = rounds;
    return wrong;
}
