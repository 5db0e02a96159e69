#include "hosts.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGES = 8, PAGE = 4096 };

// Takes more than an alternate stack has.
static __attribute__((noinline, noclone)) int recurse(int left) {
    volatile char bytes[512];
    bytes[0] = (char)left;
    return left == 0 ? bytes[0] : recurse(left - 1) + bytes[0];
}

static void overflow(int number, siginfo_t *info, void *context) { recurse(1000); }

// On an alternate stack of its own, with pages below it that nothing can be written to.
static void *fault(void *unused) {
    char *memory = mmap(NULL, 4 * PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack_t stack = {.ss_sp = memory + 3 * PAGES * PAGE, .ss_size = PAGES * PAGE};
    if (memory == MAP_FAILED) {
        abort();
    }
    mprotect(memory, 3 * PAGES * PAGE, PROT_NONE);
    sigaltstack(&stack, NULL);
    host_fault(1);
    return NULL;
}

int host_overflows(unsigned flags) {
    struct sigaction action;
    pthread_t thread;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = overflow;
    action.sa_flags = (int)(flags | SA_SIGINFO);
    if (sigaction(SIGSEGV, &action, NULL) != 0) {
        return errno;
    }
    int error = pthread_create(&thread, NULL, fault, NULL);
    if (error == 0) {
        pthread_join(thread, NULL);
    }
    return error;
}
