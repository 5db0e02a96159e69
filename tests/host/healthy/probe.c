#include "healthy.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "machine.h"

enum { TIMES = 5, SIZE = 16 };

// A probe, and what is put in its place.
extern const unsigned char probe[], no_probe[];
__asm__(".text\n"
        "probe: " MACHINE_UNDEFINED "\n ret\n"
        "no_probe: nop\n nop\n ret\n"
        ".fill 16, 1, 0\n");

static unsigned char *code;
static volatile int divisor, resolved;

static void put(const unsigned char *what) {
    memcpy(code, what, SIZE);
    __builtin___clear_cache((char *)code, (char *)code + SIZE);
}

// The registers stay as they are.
static void resolve(int number) {
    put(no_probe);
    divisor = 1;
    resolved++;
}

static void divide(void) {
#ifdef __x86_64__
    __asm__ volatile("xorl %%edx, %%edx\n movl $7, %%eax\n idivl %0" : : "m"(divisor) : "rax", "rdx", "cc");
#endif
}

// Armed again and again, and met with the same registers.
static void *meet(void *divides) {
    for (volatile int n = 0; n < TIMES; n++) {
        put(probe);
        divisor = 0;
        if (divides) {
            divide();
        } else {
            ((void (*)(void))code)();
        }
    }
    printf("resolved %d times\n", resolved);
    return NULL;
}

void meets_probes(int divides) {
    struct sigaction action;
    pthread_t thread;
    memset(&action, 0, sizeof action);
    action.sa_handler = resolve;
    action.sa_flags = SA_ONSTACK;
    sigaction(divides ? SIGFPE : SIGILL, &action, NULL);
    code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_create(&thread, NULL, meet, divides ? &thread : NULL);
    pthread_join(thread, NULL);
}
