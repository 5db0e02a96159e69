#include "crash.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "machine.h"

// Hides a value from the optimizer, which makes what it likes of undefined
// behaviour that it sees.
static void *hide(void *p) {
    __asm__ volatile("" : "+r"(p));
    return p;
}

NOINLINE void victim_write(int *to) {
    *(volatile int *)to = 1;
    KEEP_FRAME();
}

static NOINLINE void crash_null(void) {
    *(volatile int *)hide((void *)8) = 1;
    KEEP_FRAME();
}

static NOINLINE void crash_div(void) {
    volatile int zero = 0, seven = 7;
    volatile int result = seven / zero;
    (void)result;
}

static NOINLINE void crash_ud2(void) {
    __asm__ volatile(MACHINE_UNDEFINED);
}

static NOINLINE void crash_int3(void) {
    __asm__ volatile(MACHINE_BREAKPOINT);
}

static NOINLINE void crash_abort(void) {
    abort();
}

static NOINLINE void crash_raise_bus(void) {
    raise(SIGBUS);
    KEEP_FRAME();
}

static NOINLINE void crash_raise_sys(void) {
    raise(SIGSYS);
    KEEP_FRAME();
}

#pragma GCC diagnostic ignored "-Winfinite-recursion"
static NOINLINE int crash_overflow_deeper(volatile char *above) {
    volatile char room[512];
    room[0] = above[0];
    int result = crash_overflow_deeper(room) + 1;
    return result + room[0];
}

static NOINLINE void crash_overflow(void) {
    volatile char first = 1;
    volatile int result = crash_overflow_deeper(&first);
    (void)result;
}

victim_function victim_kind(const char *kind) {
    static const struct {
        const char *name;
        victim_function function;
    } kinds[] = {
        {"null", crash_null},           {"div", crash_div},
        {"ud2", crash_ud2},             {"int3", crash_int3},
        {"abort", crash_abort},         {"raise_bus", crash_raise_bus},
        {"raise_sys", crash_raise_sys}, {"overflow", crash_overflow},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, kind) == 0) {
            return kinds[i].function;
        }
    }
    return victim_cause(kind);
}
