/* Threads that do not answer, or are gone when they should. */
#include "park.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

static atomic_int tid_of_new;
static atomic_bool fault_now;
static sem_t never, unmask;
static volatile unsigned turns;

static void announce(const char *name) {
    prctl(PR_SET_NAME, name);
    tid_of_new = (int)syscall(SYS_gettid);
}

static void mask_all(int how) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(how, &all, NULL);
}

static void pause_ms(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

NOINLINE void odd_masked(void) {
    while (sem_wait(&unmask) != 0)
        ;
    mask_all(SIG_UNBLOCK);
    for (;;)
        sem_wait(&never);
}

NOINLINE void odd_spin(void) {
    for (;;)
        turns++;
}

static void *masked(void *arg) {
    mask_all(SIG_BLOCK);
    announce("masked");
    odd_masked();
    return arg;
}

static void *masked_spinning(void *arg) {
    mask_all(SIG_BLOCK);
    announce("masked-spin");
    odd_spin();
    return arg;
}

static void *spinning(void *arg) {
    announce("spin");
    odd_spin();
    return arg;
}

// For a child that stays until its parent ends, however long that takes on a busy machine.
enum { LONG = 60 };

NOINLINE void odd_vfork(void) {
    pid_t child = vfork();
    if (child == 0) {
        struct timespec t = {LONG, 0};
        syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
        syscall(SYS_nanosleep, &t, NULL);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    for (;;)
        sem_wait(&never);
}

static void *in_vfork(void *arg) {
    announce("vfork");
    odd_vfork();
    return arg;
}

static void *quick(void *arg) {
    return arg;
}

static void *churn(void *arg) {
    for (;;) {
        pthread_t threads[8];
        int n = 0;
        while (n < 8 && pthread_create(&threads[n], NULL, quick, NULL) == 0)
            n++;
        while (n > 0)
            pthread_join(threads[--n], NULL);
    }
    return arg;
}

NOINLINE void odd_fault(void) {
    while (!fault_now)
        ;
    *(volatile int *)16 = 1;
}

static void *fault(void *arg) {
    announce("fault");
    odd_fault();
    return arg;
}

static int start(void *(*fn)(void *)) {
    pthread_t thread;
    tid_of_new = 0;
    if (pthread_create(&thread, NULL, fn, NULL) != 0)
        return -1;
    while (tid_of_new == 0)
        pause_ms(1);
    pause_ms(10);
    return tid_of_new;
}

int odd_start_masked(void) { return start(masked); }
int odd_start_spinning(void) { return start(spinning); }
int odd_start_masked_spinning(void) { return start(masked_spinning); }
int odd_start_vfork(void) { return start(in_vfork); }

int odd_start_traced(void) {
    int tid = start(spinning), ready[2];
    char byte;
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    if (pipe(ready) != 0)
        return -1;
    pid_t tracer = fork();
    if (tracer == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0 ||
            ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) != 0 ||
            waitpid(tid, NULL, __WALL) != tid)
            _exit(1);
        if (write(ready[1], "", 1) != 1)
            _exit(1);
        pause_ms(LONG * 1000);
        _exit(0);
    }
    close(ready[1]);
    return read(ready[0], &byte, 1) == 1 ? tid : -1;
}

void odd_start_churn(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, churn, NULL);
}

void odd_limit_signals(void) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_SIGPENDING, &none);
}

void odd_unmask(void) {
    for (int i = 0; i < 100; i++) // more than there are threads
        sem_post(&unmask);
}

static void handled(int signal) { (void)signal; }

int odd_handle(int signal) {
    struct sigaction action = {.sa_handler = handled, .sa_flags = SA_ONSTACK | SA_RESTART};
    return sigaction(signal, &action, NULL);
}

void odd_crash_together(int n) {
    while (n-- > 0)
        start(fault);
    fault_now = true;
    for (;;)
        pause_ms(1000);
}
