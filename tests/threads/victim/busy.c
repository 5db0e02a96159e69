#include "busy.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
#define LONG_MS 3600000 /* longer than the program lives */

static atomic_bool stop;
static atomic_long sat_through, restarted, wrong, rounds;
static int quiet_socket[2], quiet_pipe[2], ping[2], pong[2], epoll;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static sem_t quiet_sem;
static uint64_t turn;

static struct timespec from_now(long ms) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += ms / 1000;
    return t;
}

/* A call that failed though there was no reason to end it.  The end of the
 * program closes or posts what they wait for. */
static void sat(long result) {
    if (result < 0 && errno == EINTR && !stop)
        sat_through++;
}

NOINLINE static void busy_poll(void) {
    struct pollfd fd = {quiet_pipe[0], POLLIN, 0};
    sat(poll(&fd, 1, LONG_MS));
}

NOINLINE static void busy_select(void) {
    fd_set set;
    struct timeval t = {LONG_MS / 1000, 0};
    FD_ZERO(&set);
    FD_SET(quiet_pipe[0], &set);
    sat(select(quiet_pipe[0] + 1, &set, NULL, NULL, &t));
}

NOINLINE static void busy_epoll(void) {
    struct epoll_event event;
    sat(epoll_wait(epoll, &event, 1, LONG_MS));
}

NOINLINE static void busy_nanosleep(void) {
    struct timespec t = {LONG_MS / 1000, 0};
    sat(nanosleep(&t, NULL));
}

NOINLINE static void busy_clock_nanosleep(void) {
    struct timespec t = {LONG_MS / 1000, 0};
    errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
    sat(errno != 0 ? -1 : 0);
}

NOINLINE static void busy_sem_timedwait(void) {
    struct timespec t = from_now(LONG_MS);
    sat(sem_timedwait(&quiet_sem, &t));
}

NOINLINE static void busy_recv(void) {
    char byte;
    sat(recv(quiet_socket[0], &byte, 1, 0));
}

NOINLINE static void busy_sigtimedwait(void) {
    sigset_t set;
    struct timespec t = {LONG_MS / 1000, 0};
    sigemptyset(&set);
    sigaddset(&set, SIGCONT);
    sat(sigtimedwait(&set, NULL, &t));
}

static void may_not_fail(long result) {
    if (result < 0)
        errno == EINTR ? restarted++ : wrong++;
}

/* A ball that goes through two pipes, counted by both. */
NOINLINE static void busy_ping(void) {
    for (uint64_t n = 0, back; !stop; n++, rounds++) {
        may_not_fail(write(ping[1], &n, sizeof n));
        may_not_fail(read(pong[0], &back, sizeof back));
        if (!stop && back != n + 1)
            wrong++;
    }
}

NOINLINE static void busy_pong(void) {
    for (uint64_t n; !stop;) {
        may_not_fail(read(ping[0], &n, sizeof n));
        n++;
        may_not_fail(write(pong[1], &n, sizeof n));
    }
}

NOINLINE static void busy_turns(uint64_t mine) {
    while (!stop) {
        pthread_mutex_lock(&lock);
        while (turn % 2 != mine && !stop) {
            int error = pthread_cond_wait(&changed, &lock);
            if (error != 0)
                wrong++;
        }
        turn++;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
    }
}

/* What comes after keeps the compiler from making a jump of the call. */
NOINLINE static void busy_odd(void) {
    busy_turns(1);
    rounds++;
}

NOINLINE static void busy_even(void) {
    busy_turns(0);
    rounds++;
}

NOINLINE static void busy_malloc(void) {
    uint64_t *blocks[64] = {0};
    for (uint64_t i = 1; !stop; i++) {
        size_t at = i * 2654435761u % 64;
        if (blocks[at] != NULL && blocks[at][0] != (uintptr_t)blocks[at] + at)
            wrong++;
        free(blocks[at]);
        blocks[at] = malloc(16 + i % 2000);
        blocks[at][0] = (uintptr_t)blocks[at] + at;
    }
}

NOINLINE static void busy_compute(void) {
    while (!stop) {
        volatile double sum = 0;
        for (int i = 1; i <= 10000; i++)
            sum += 1.0 / i;
        if (sum < 9.787606 || sum > 9.787607)
            wrong++;
        errno = 4711;
        for (volatile int i = 0; i < 100000; i++)
            ;
        if (errno != 4711)
            wrong++;
    }
}

static struct kind {
    void (*run)(void);
    const char *name;
    bool sits;
} kinds[] = {
    {busy_poll, "poll", true},       {busy_select, "select", true},
    {busy_epoll, "epoll", true},     {busy_nanosleep, "nanosleep", true},
    {busy_clock_nanosleep, "clock-nanosleep", true},
    {busy_sem_timedwait, "sem-timedwait", true},
    {busy_recv, "recv", true},       {busy_sigtimedwait, "sigtimedwait", true},
    {busy_ping, "ping", false},      {busy_pong, "pong", false},
    {busy_odd, "odd", false},        {busy_even, "even", false},
    {busy_malloc, "malloc", false},  {busy_malloc, "malloc", false},
    {busy_compute, "compute", false},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static pthread_t threads[KINDS];
static sem_t started;

static void *run(void *arg) {
    struct kind *kind = arg;
    prctl(PR_SET_NAME, kind->name);
    sem_post(&started);
    kind->run();
    return NULL;
}

void busy_start(void) {
    struct timeval timeout = {LONG_MS / 1000, 0};
    sem_init(&started, 0, 0);
    sem_init(&quiet_sem, 0, 0);
    epoll = epoll_create1(0);
    if (pipe(quiet_pipe) != 0 || pipe(ping) != 0 || pipe(pong) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, quiet_socket) != 0)
        perror("busy_start");
    setsockopt(quiet_socket[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    for (size_t i = 0; i < KINDS; i++)
        pthread_create(&threads[i], NULL, run, &kinds[i]);
    for (size_t i = 0; i < KINDS; i++)
        while (sem_wait(&started) != 0)
            ;
    struct timespec settle = {0, 50 * 1000000};
    nanosleep(&settle, NULL);
}

void busy_stop(void) {
    uint64_t n = 0;
    stop = true;
    if (write(ping[1], &n, sizeof n) < 0 || write(pong[1], &n, sizeof n) < 0)
        perror("busy_stop");
    pthread_mutex_lock(&lock);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    for (size_t i = 0; i < KINDS; i++)
        if (!kinds[i].sits)
            pthread_join(threads[i], NULL);
    printf("sat-through %ld\nrestarted %ld\nwrong %ld\nrounds %ld\n", (long)sat_through,
           (long)restarted, (long)wrong, (long)rounds);
    fflush(stdout);
}

static unsigned char painted[256 * 1024];

static void *sleep_on_painted(void *arg) {
    stack_t stack = {.ss_sp = painted, .ss_size = sizeof painted, .ss_flags = 0};
    memset(painted, 0xa5, sizeof painted);
    sigaltstack(&stack, NULL);
    prctl(PR_SET_NAME, "painted");
    sem_post(&started);
    for (;;)
        pause();
    return arg;
}

long busy_stack_use(void) {
    static bool running;
    if (!running) {
        pthread_t thread;
        running = true;
        sem_init(&started, 0, 0);
        pthread_create(&thread, NULL, sleep_on_painted, NULL);
        while (sem_wait(&started) != 0)
            ;
    }
    size_t unused = 0;
    while (unused < sizeof painted && painted[unused] == 0xa5)
        unused++;
    return (long)(sizeof painted - unused);
}
