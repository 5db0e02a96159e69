#include "load.h"

#include <dlfcn.h>
#include <stddef.h>

static const char *(*start)(const char *);
static long (*work)(void);
static void (*crash_at)(const char *, host_crash_fn, const char *);

const char *library_start(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (!library)
        return dlerror();
    // POSIX lets a function's address be taken so.
    *(void **)&start = dlsym(library, "host_start");
    *(void **)&work = dlsym(library, "host_work");
    *(void **)&crash_at = dlsym(library, "host_crash");
    return start && work && crash_at ? start(path) : "the library is no host";
}

long library_work(void) { return work(); }

void library_crash(const char *place, host_crash_fn crash, const char *kind) { crash_at(place, crash, kind); }
