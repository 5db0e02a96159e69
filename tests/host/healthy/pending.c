#include "healthy.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static atomic_int in_handler, sent, handled;
static atomic_bool during;
static volatile char *page;
static sigjmp_buf back;
static int jumps;

static void traps(int number) {
    if (in_handler) {
        during = true;
    }
    handled++;
}

static void repair(int number, siginfo_t *info, void *context) {
    struct timespec wait = {.tv_nsec = 50 * 1000 * 1000};
    in_handler = 1;
    while (!sent) {
    }
    nanosleep(&wait, NULL);
    in_handler = 0;
    if (jumps) {
        siglongjmp(back, 1);
    }
    mprotect((void *)page, 4096, PROT_READ | PROT_WRITE);
}

static void *fault(void *unused) {
    if (sigsetjmp(back, 1) == 0) {
        *page = 1;
    }
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    printf("handled %d, in the handler of the fault: %d, blocked: %d\n", (int)handled, during,
           sigismember(&mask, SIGTRAP));
    return NULL;
}

void sent_while_it_is_asked(int jump) {
    struct sigaction action;
    pthread_t thread;
    jumps = jump;
    memset(&action, 0, sizeof action);
    action.sa_handler = traps;
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGTRAP, &action, NULL);
    sigaction(SIGSYS, &action, NULL);
    action.sa_flags |= SA_SIGINFO;
    action.sa_sigaction = repair;
    sigfillset(&action.sa_mask);
    sigaction(SIGSEGV, &action, NULL);
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_create(&thread, NULL, fault, NULL);
    while (!in_handler) {
    }
    pthread_kill(thread, SIGTRAP);
    pthread_kill(thread, SIGSYS);
    sent = 1;
    pthread_join(thread, NULL);
}
