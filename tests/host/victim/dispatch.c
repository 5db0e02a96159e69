#include "dispatch.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "machine.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

enum { ALLOW, BLOCK };
static volatile char selector;

static void handler(int number, siginfo_t *info, void *context) {
    selector = ALLOW;
    machine_set_result(context, 4711);
}

static void *run(void *n) {
    struct sigaction action;
    long sum = 0;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSYS, &action, NULL);
    if (prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, &selector) != 0) {
        return (void *)-1;
    }
    for (intptr_t i = 0; i < (intptr_t)n; i++) {
        selector = BLOCK;
        sum += syscall(SYS_getppid);
        selector = ALLOW;
    }
    prctl(PR_SET_SYSCALL_USER_DISPATCH, 0, 0, 0, 0);
    return (void *)sum;
}

long dispatch_calls(int n) {
    pthread_t thread;
    void *sum = NULL;
    if (pthread_create(&thread, NULL, run, (void *)(intptr_t)n) != 0 || pthread_join(thread, &sum) != 0) {
        return -2;
    }
    return (long)sum;
}
