#include "crash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int sink;

static __attribute__((noinline)) void write_at(volatile int *where) { *where = 1; }

static __attribute__((noinline)) void divide(volatile int by) { sink = sink / by; }

static __attribute__((noinline)) void illegal(void) { __asm__ volatile("ud2"); }

// What is done after the call keeps it from being a jump.
static __attribute__((noinline)) int recurse(int depth)
{
    volatile char block[300];
    block[depth % 300] = (char)depth;
    int below = depth >= 0 ? recurse((depth + 1) & 0x7fffffff) : 0;
    return below + block[(depth + 1) % 300];
}

void host_crash_now(const char *kind)
{
    if (strcmp(kind, "null") == 0)
        write_at((volatile int *)8);
    else if (strcmp(kind, "wild") == 0)
        write_at((volatile int *)0x123456789000);
    else if (strcmp(kind, "abort") == 0)
        abort();
    else if (strcmp(kind, "fpe") == 0)
        divide(0);
    else if (strcmp(kind, "ill") == 0)
        illegal();
    else if (strcmp(kind, "overflow") == 0)
        sink = recurse(1);
    else
        fprintf(stderr, "no such crash: %s\n", kind);
}
