//go:build linux && cgo

// Function pointers that do not point to code: the PC itself is bad, and only the return address tells who called.
#include "crash.h"

typedef void (*function)(void);

// In .data, which is mapped readable and writable but not executable.
static unsigned char not_code[64] = {0xc3};

static function pointer_to(void *p) {
    // ISO C has no cast from an object pointer to a function pointer; POSIX has, for dlsym.
    function f;
    p = crash_hide(p);
    __builtin_memcpy(&f, &p, sizeof f);
    return f;
}

CRASH_FN void crash_call_null(void) {
    pointer_to(NULL)();
    CRASH_KEEP_FRAME();
}

// Canonical and unmapped: of a call to a non-canonical address some processors blame the call, others the target.
CRASH_FN void crash_call_garbage(void) {
    pointer_to((void *)(uintptr_t)0x123456789abc)();
    CRASH_KEEP_FRAME();
}

CRASH_FN void crash_call_noexec(void) {
    pointer_to(not_code)();
    CRASH_KEEP_FRAME();
}
