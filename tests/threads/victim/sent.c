#define _GNU_SOURCE
#include "sent.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static sem_t ready, never;
static pthread_t thread;

/* How: past libc, so that the signal is blocked in fact. */
static void block(int past) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    if (past)
        syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
    else
        pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void *waits(void *arg) {
    block(*(int *)arg);
    sem_post(&ready);
    while (sem_wait(&never) != 0) {
    }
    return NULL;
}

void sent_start(int past) {
    static int how;
    how = past;
    sem_init(&ready, 0, 0);
    sem_init(&never, 0, 0);
    pthread_create(&thread, NULL, waits, &how);
    sem_wait(&ready);
}

void sent_send(void) { pthread_kill(thread, SIGSEGV); }

void sent_self(void) {
    block(1);
    pthread_kill(pthread_self(), SIGSEGV);
}

static void *attributed(void *arg) {
    sigset_t now;
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    *(int *)arg = sigismember(&now, SIGSEGV);
    return NULL;
}

int sent_attribute(void) {
    int blocked = -1;
    sigset_t all, none, old;
    pthread_attr_t attr;
    pthread_t other;
    sigfillset(&all);
    sigemptyset(&none);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    pthread_attr_init(&attr);
    pthread_attr_setsigmask_np(&attr, &none);
    pthread_create(&other, &attr, attributed, &blocked);
    pthread_join(other, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return blocked;
}

static void *blocks(void *arg) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    return arg;
}

void sent_block_and_end(void) {
    pthread_t own;
    pthread_create(&own, NULL, blocks, NULL);
    pthread_join(own, NULL);
}

struct kernels_action {
    void *handler;
    unsigned long flags;
    void *restorer;
    unsigned long mask;
};

void *sent_handler(int signal) {
    struct kernels_action now;
    syscall(SYS_rt_sigaction, signal, NULL, &now, 8);
    return now.handler;
}

static atomic_bool may_raise;

static void *raises(void *arg) {
    while (!may_raise)
        usleep(1000);
    raise(SIGSEGV);
    printf("raise returned\n");
    fflush(stdout);
    return arg;
}

void sent_start_older(void) {
    pthread_t older;
    sigset_t before, all;
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_create(&older, NULL, raises, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void sent_raise(void) { may_raise = true; }
