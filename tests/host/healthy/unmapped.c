// A thread from before Enable, without an alternate stack, whose handler jumps out of a coroutine.
// The stack with the frame of the signal is gone then.
#include "healthy.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define SIZE (256 << 10)

static void *stack; // above that of the thread, which comes later
static atomic_bool enabled;
static volatile int *volatile nowhere = (volatile int *)8;
static sigjmp_buf back;
static pthread_t thread;

static void jump(int number) { siglongjmp(back, number); }

static void fault_here(void) { *nowhere = 1; }

static void *fault_and_unmap(void *unused) {
    ucontext_t coroutine, here;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    while (!enabled) { // and no system call, or it would get an alternate stack
    }
    getcontext(&coroutine);
    coroutine.uc_stack.ss_sp = stack;
    coroutine.uc_stack.ss_size = SIZE;
    coroutine.uc_link = &here;
    makecontext(&coroutine, fault_here, 0);
    if (sigsetjmp(back, 1) == 0) {
        swapcontext(&here, &coroutine);
    }
    munmap(stack, SIZE);
    action.sa_handler = SIG_DFL;
    sigaction(SIGABRT, &action, NULL);
    puts("has unmapped");
    return unused;
}

void start_coroutine_that_ends(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = jump;
    sigaction(SIGSEGV, &action, NULL);
    stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED || pthread_create(&thread, NULL, fault_and_unmap, NULL) != 0) {
        abort();
    }
}

void end_coroutine(void) {
    enabled = true;
    pthread_join(thread, NULL);
}
