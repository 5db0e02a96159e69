//go:build linux && cgo

// Data pointers that point nowhere.
#include "crash.h"

#include <string.h>

volatile int crash_sink;

struct record {
    long id;
    volatile int value;
};

// A field, not the address 0 itself: NULL + 8 is what a NULL pointer looks like in practice.
CRASH_FN void crash_null_read(void) {
    struct record *r = crash_hide(NULL);
    crash_sink = r->value;
}

CRASH_FN void crash_null_write(void) {
    struct record *r = crash_hide(NULL);
    r->value = 1;
}

// Outside the 48 (or 57) bits that an address has. The kernel does not get the address from the processor, so siginfo
// cannot tell it.
CRASH_FN void crash_non_canonical(void) {
    volatile int *p = crash_hide((void *)(uintptr_t)0xdead00000000beef);
    crash_sink = *p;
}

// The fault is in libc, in a function written in assembly on most machines.
CRASH_FN void crash_strlen_null(void) {
    crash_sink = (int)strlen(crash_hide(NULL));
}
