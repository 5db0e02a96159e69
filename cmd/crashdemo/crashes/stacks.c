//go:build linux && cgo

// Trouble with the stack itself: too deep, overwritten, or gone.
#include "crash.h"

// Frames smaller than a page, each touched: a larger one could step over the guard page.
CRASH_FN void crash_stack_overflow(void) {
    volatile char frame[512];
    frame[0] = 1;
    // The condition is never false; it is there because compilers refuse (and may delete) recursion without an end.
    if (crash_sink == 0) {
        crash_stack_overflow();
    }
    frame[1] = frame[0];
}

// How much is overwritten above the function's own frame: its return address and all of its two callers, as an
// overrun of a local array does. Behind these is the frame in which Go's runtime has called C; on arm64 it comes sooner,
// and in a callback what leads back to the C code that called Go stands behind it.
#if defined(__aarch64__)
enum { SMASHED_WORDS = 24 };
#else
enum { SMASHED_WORDS = 32 };
#endif

// The fault comes before the return: where a return to garbage is blamed depends on the processor, and a compiler that
// protects stacks would call abort instead.
CRASH_FN void crash_smashed_stack(void) {
    volatile uintptr_t *words = crash_hide(__builtin_frame_address(0));
    for (int i = 0; i < SMASHED_WORDS; i++) {
        words[i] = 0x4141414141414141;
    }
    volatile int *p = crash_hide(NULL);
    *p = 1;
}

// As after a switch to a coroutine whose stack pointer was never set.
CRASH_FN void crash_no_stack(void) {
#if defined(__x86_64__)
    __asm__ volatile("xorl %%esp, %%esp\n\tpushq %%rax" ::: "memory");
#elif defined(__aarch64__)
    __asm__ volatile("mov x0, xzr\n\tmov sp, x0\n\tstr x0, [sp, #-16]!" ::: "x0", "memory");
#endif
    __builtin_unreachable();
}

// Two functions that call each other: a repetition that a look at neighbouring frames does not find. The depth is more
// frames than a report keeps and still fits musl's 128 KiB thread stacks.
enum { RECURSION2_DEPTH = 1000 };

void crash_recursion2(int depth);
void demo_recursion2_other(int depth);

CRASH_FN void crash_recursion2(int depth) {
    if (depth <= 0) {
        volatile int *p = crash_hide(NULL);
        *p = 1;
    }
    demo_recursion2_other(depth - 1);
    CRASH_KEEP_FRAME();
}

CRASH_FN void demo_recursion2_other(int depth) {
    crash_recursion2(depth - 1);
    CRASH_KEEP_FRAME();
}

CRASH_FN void enter_recursion2(void) {
    crash_recursion2(RECURSION2_DEPTH);
    CRASH_KEEP_FRAME();
}
