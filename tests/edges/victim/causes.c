// Faults whose cause stands in what is mapped.
#include "crash.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Winfinite-recursion"
static NOINLINE int deeper(int n) {
    volatile char room[512];
    room[0] = (char)n;
    return deeper(n + 1) + room[0];
}

static void coroutine(void) {
    deeper(0);
}

static NOINLINE void cause_coroutine(void) {
    static ucontext_t here, there;
    size_t size = 256 << 10;
    char *stack = mmap(NULL, size + 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(stack, 4096, PROT_NONE);
    getcontext(&there);
    there.uc_stack.ss_sp = stack + 4096;
    there.uc_stack.ss_size = size;
    there.uc_link = &here;
    makecontext(&there, coroutine, 0);
    swapcontext(&here, &there);
}

int victim_fill(int fd, size_t size) {
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) {
        return -1;
    }
    for (size_t i = 0; i < size; i += 4096) {
        *(volatile char *)(p + i) = 1;
    }
    return 0;
}

victim_function victim_cause(const char *kind) {
    static const struct {
        const char *name;
        victim_function function;
    } kinds[] = {
        {"coroutine", cause_coroutine},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, kind) == 0) {
            return kinds[i].function;
        }
    }
    return victim_cause_of_machine(kind);
}
