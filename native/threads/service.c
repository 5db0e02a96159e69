#include "service.h"
#include "altstack.h"
#include "../base/base.h"
#include "../base/system.h"

#include <pthread.h>
#include <sys/prctl.h>

static _Atomic uint32_t helper_word;

#define STACK (256 * 1024)

EPI_SAFE void epi_service_introduce(enum epi_service which)
{
    epi_syscall6(SYS_prctl, PR_SET_NAME, (long)"epitaph", 0, 0, 0, 0);
    epi_process()->service[which].pointer = epi_arch_thread_pointer();
    epi_process()->service[which].tid = epi_gettid();
}

EPI_SAFE int epi_service_tid(enum epi_service which)
{
    return epi_process()->service[which].tid;
}

EPI_SAFE const struct epi_service_thread *epi_service_find(int tid)
{
    const struct epi_service_thread *service = epi_process()->service;
    for (int i = 0; i < EPI_SERVICE_THREADS; i++)
        if (service[i].tid == tid)
            return &service[i];
    return NULL;
}

static int create(void *(*run)(void *), size_t stack)
{
    pthread_attr_t attr;
    pthread_t thread;
    int error = pthread_attr_init(&attr);
    if (error != 0)
        return error;
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (stack != 0)
        pthread_attr_setstacksize(&attr, stack);
    error = epi_altstack_create_without(&thread, &attr, run, NULL);
    pthread_attr_destroy(&attr);
    return error;
}

static void *(*runs[EPI_SERVICE_THREADS])(void *);

void epi_service_runs(enum epi_service which, void *(*run)(void *))
{
    runs[which] = run;
}

int epi_service_start(enum epi_service which)
{
    struct epi_service_thread *service = &epi_process()->service[which];
    void *(*run)(void *) = runs[which];
    sigset_t all, old;
    if (service->started)
        return 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int error = create(run, STACK);
    if (error != 0) /* large static TLS counts against the stack */
        error = create(run, 0);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    service->started = error == 0;
    return error;
}

EPI_SAFE void epi_helper_wake(void)
{
    atomic_fetch_add(&helper_word, 1);
    epi_futex_wake_all(&helper_word);
}

EPI_SAFE _Atomic uint32_t *epi_helper_word(void)
{
    return &helper_word;
}
