//go:build linux && cgo

// Locks that the crashing thread holds.
#include "crash.h"

#include <stdio.h>

// A reporter that prints with stdio from another thread, or flushes it on the way out, waits for ever.
CRASH_FN void crash_stdio_locks(void) {
    flockfile(stdout);
    flockfile(stderr);
    volatile int *p = crash_hide(NULL);
    *p = 1;
    funlockfile(stderr);
    funlockfile(stdout);
}
