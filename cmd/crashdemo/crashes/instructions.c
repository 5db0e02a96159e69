//go:build linux && cgo

// Instructions that the processor refuses.
#include "crash.h"

// Only where integer division traps: an arm64 processor answers 0. Both operands are unknown, for 1 / x needs no
// division.
CRASH_FN void crash_division(void) {
    volatile int parts = 1000;
    volatile int zero = 0;
    crash_sink = parts / zero;
}

// With optimization this is the first instruction of the function: a reporter that looks up PC-1 for the faulting
// frame names the wrong function.
CRASH_FN void crash_ud2(void) {
#if defined(__x86_64__)
    __asm__ volatile("ud2");
#elif defined(__aarch64__)
    __asm__ volatile("udf #0");
#endif
}

// The PC that the kernel tells is behind an int3, and on a brk.
CRASH_FN void crash_int3(void) {
#if defined(__x86_64__)
    __asm__ volatile("int3");
#elif defined(__aarch64__)
    __asm__ volatile("brk #0");
#endif
}
