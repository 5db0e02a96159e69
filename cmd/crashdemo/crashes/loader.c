//go:build linux && cgo

// Inside the dynamic loader, which holds its lock: a reporter that calls dl_iterate_phdr, dladdr or an unwinder that
// does, waits for ever (or, where the lock is recursive, walks a list that is being changed).
#include "crash.h"

#include <link.h>
#include <stdio.h>

int crash_in_dl_iterate(struct dl_phdr_info *info, size_t size, void *data);

CRASH_FN int crash_in_dl_iterate(struct dl_phdr_info *info, size_t size, void *data) {
    (void)info;
    (void)size;
    volatile int *p = data;
    *p = 1;
    return 0;
}

CRASH_FN void enter_in_dl_iterate(void) {
    crash_sink = dl_iterate_phdr(crash_in_dl_iterate, crash_hide(NULL));
}

// Weak, because not every link has them: in a static one of musl the addresses are NULL. A static one of glibc has them
// and warns about it; what it warns of, a second C library of another version, does not come with a library that
// needs none.
void *dlopen(const char *path, int flags) __attribute__((weak));
char *dlerror(void) __attribute__((weak));

static const char *constructor_path;

int crash_can_dlopen(void) {
    return dlopen != NULL && dlerror != NULL;
}

void crash_set_constructor(const char *path) {
    constructor_path = path;
}

// crash_dlopen_constructor itself is in the library: constructor/constructor.c.
CRASH_FN void enter_dlopen_constructor(void) {
    enum { LAZY = 1 };
    if (!crash_can_dlopen()) {
        crash_unavailable("this static program cannot load libraries");
    }
    if (dlopen(constructor_path, LAZY) == NULL) {
        const char *why = dlerror();
        crash_unavailable(why != NULL ? why : "dlopen failed");
    }
}
