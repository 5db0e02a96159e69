#include "nocfi.h"

#include <stddef.h>

#define FUNCTION __attribute__((noinline, noclone))

static int *volatile null;
static volatile long kept;

FUNCTION void nocfi_null(void)
{
    *null = 1;
    kept = 1;
}

/* Registers are kept over the call. */
FUNCTION static long nocfi_saved(nocfi_fault *fault, long a, long b, long c)
{
    long d = a * b;
    for (long i = 0; i < a; i++) {
        fault();
        d += b * i;
    }
    return d + c;
}

/* The size of the frame is only known when it runs. */
FUNCTION static long nocfi_room(nocfi_fault *fault, long n)
{
    volatile char *room = __builtin_alloca((size_t)n * 64);
    room[n] = 1;
    return nocfi_saved(fault, n, n + 1, n + 2) + room[n];
}

FUNCTION long nocfi_call(int fault, long n)
{
    static nocfi_fault *const faults[] = {nocfi_null, asm_pushes, asm_framed, asm_prologue,
                                          asm_epilogue};
    volatile char room[200];
    for (size_t i = 0; i < sizeof room; i++)
        room[i] = (char)n;
    return nocfi_room(faults[fault], n) + room[n];
}
