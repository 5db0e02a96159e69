//go:build cgo && linux && (amd64 || arm64)

/* Makes a thread that calls Go, which has it wait until all packages are initialized. A
 * goroutine could not: nothing tells it. */
#include "_cgo_export.h"

#include <pthread.h>
#include <signal.h>

int epi_call_behind_inits(void);

static void *call(void *unused)
{
    pthread_setname_np(pthread_self(), "epitaph");
    epi_behind_inits();
    return unused;
}

/* The thread has all signals blocked until Go takes it over. */
int epi_call_behind_inits(void)
{
    sigset_t all, old;
    pthread_attr_t attributes;
    pthread_t thread;
    int error = pthread_attr_init(&attributes);
    if (error != 0)
        return error;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_create(&thread, &attributes, call, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}
