// Threads that throw, load libraries and call Go, each of which takes a lock that a walk
// of the stack in the middle of it must not want.
#include <atomic>
#include <stdexcept>

#include <dlfcn.h>
#include <pthread.h>
#include <time.h>

extern "C" {
#include "calls.h"
}

static std::atomic<bool> done;
static std::atomic<long> thrown, loads;

static __attribute__((noinline)) int deep(int n)
{
    if (n == 0) {
        thrown++;
        throw std::runtime_error("thrown");
    }
    return deep(n - 1) + 1;
}

static void *throwing(void *)
{
    while (!done) {
        try {
            deep(20);
        } catch (std::exception &) {
        }
    }
    return nullptr;
}

static void *loading(void *)
{
    // The last two are glibc's own, which are there without any other package.
    const char *const names[] = {"libexpat.so.1", "libbz2.so.1.0",     "liblzma.so.5",
                                 "libz.so.1",     "libthread_db.so.1", "libBrokenLocale.so.1"};
    for (unsigned i = 0; !done; i++) {
        if (void *handle = dlopen(names[i % (sizeof names / sizeof names[0])], RTLD_NOW)) {
            loads++;
            dlclose(handle);
        }
    }
    return nullptr;
}

static void *calling(void *)
{
    while (!done)
        visit(100);
    return nullptr;
}

extern "C" void storm(int milliseconds, long *threw, long *loaded)
{
    void *(*const run[])(void *) = {throwing, throwing, loading, loading, calling, calling};
    pthread_t thread[sizeof run / sizeof run[0]];
    unsigned started = 0;
    for (auto f : run)
        if (pthread_create(&thread[started], nullptr, f, nullptr) == 0)
            started++;
    timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    while (nanosleep(&time, &time) != 0) {
    } // the profile's signal ends it, perhaps before the threads have run
    done = true;
    for (unsigned i = 0; i < started; i++)
        pthread_join(thread[i], nullptr);
    *threw = thrown;
    *loaded = loads;
}
