//go:build linux && cgo

// The program's own decision to end.
#include "crash.h"

#undef NDEBUG
#include <assert.h>
#include <stdlib.h>

// abort does not return, so that with optimization the call is the last instruction and the return address already
// belongs to the next function: return addresses must be looked up at PC-1.
CRASH_FN void crash_abort(void) {
    abort();
}

CRASH_FN void crash_assert(void) {
    int balance = crash_sink - 1;
    assert(balance >= 0);
}
