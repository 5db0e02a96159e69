#include "healthy.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, ROUNDS = 100 };

static _Thread_local sigjmp_buf back __attribute__((tls_model("initial-exec")));
static _Thread_local volatile double *page __attribute__((tls_model("initial-exec")));
static volatile sig_atomic_t jumps, others;

// Overwrites what lies below the handler, as far as no alternate stack reaches.
static __attribute__((noinline, noclone)) int use(int left) {
    volatile char bytes[1000];
    for (size_t i = 0; i < sizeof bytes; i += 8) {
        bytes[i] = (char)left;
    }
    return left == 0 ? bytes[0] : use(left - 1) + bytes[0];
}

// On the alternate stack, which the other's frame must not be on.
static void on_alternate(int number) {
    volatile char bytes[2048];
    memset((char *)bytes, 0x55, sizeof bytes);
    others++;
}

static void use_much(int number, siginfo_t *info, void *context) {
    if ((uintptr_t)info->si_addr - (uintptr_t)page >= PAGE) {
        abort();
    }
    use(200);
    raise(SIGUSR1);
    if (jumps) {
        siglongjmp(back, 1);
    }
    mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE);
}

// What is in registers of floating point, too, is the same behind the handler.
static double sum(void) {
    double a = 1, b = 0.5;
    for (int i = 0; i < ROUNDS; i++) {
        __asm__ volatile("" : "+r"(i) : : "memory");
        mprotect((void *)page, PAGE, PROT_NONE);
        *page = a; // the fault
        a += b * *page;
        b = -b / 2;
    }
    return a;
}

static void *fault(void *unused) {
    page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    jumps = 0;
    double got = sum();
    jumps = 1;
    volatile int came = 0;
    for (volatile int i = 0; i < ROUNDS; i++) {
        mprotect((void *)page, PAGE, PROT_NONE);
        if (sigsetjmp(back, 1) == 0) {
            *page = 1;
        } else {
            came++;
        }
    }
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    printf("%.6f, came back %d times, other signals %d, blocked: %d\n", got, came, (int)others,
           sigismember(&mask, SIGSEGV) || sigismember(&mask, SIGUSR2));
    munmap((void *)page, PAGE);
    return NULL;
}

void uses_much_stack(int on_thread) {
    struct sigaction action;
    pthread_t thread;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_alternate;
    action.sa_flags = SA_ONSTACK | SA_RESTART;
    sigaction(SIGUSR1, &action, NULL);
    memset(&action, 0, sizeof action);
    action.sa_sigaction = use_much;
    action.sa_flags = SA_SIGINFO; // and not SA_ONSTACK
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaction(SIGSEGV, &action, NULL);
    if (!on_thread) {
        fault(NULL);
    } else if (pthread_create(&thread, NULL, fault, NULL) == 0) {
        pthread_join(thread, NULL);
    }
}
