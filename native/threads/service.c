/* Starts the core's own threads, and passes on signals of the process that come to one. */
#include "service.h"
#include "create.h"
#include "resend.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/system.h"
#include "../memory/peek.h"

#include <pthread.h>
#include <sys/prctl.h>

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

EPI_SAFE uint64_t epi_service_open(void)
{
    return epi_mask_of(SIGSEGV) | epi_mask_of(SIGBUS) | epi_mask_of(SIGFPE) |
           epi_mask_of(SIGILL) | epi_mask_of(SIGTRAP) | epi_mask_of(SIGSYS);
}

EPI_SAFE EPI_ON_FAULT bool epi_service_passes(int signal, const siginfo_t *info, ucontext_t *uc)
{
    if (info->si_code > 0 || epi_service_find(epi_gettid()) == NULL)
        return false;
    /* From now on a load that fails would kill.  A dump looks for pending signals only when
     * it begins, so one that this thread is writing learns of it here. */
    if ((signal == SIGSEGV || signal == SIGBUS) && epi_incident_of(epi_self()) != NULL)
        epi_peek_use_calls();
    epi_sigmask(SIG_BLOCK, epi_mask_of(signal));
    *(uint64_t *)(void *)&uc->uc_sigmask |= epi_mask_of(signal);
    epi_resend(signal, info);
    return true;
}

/* A thread's id, by the clock of its processor time, whose number the kernel makes from it
 * (include/linux/posix-timers_types.h, make_thread_cpuclock).  0 if libc does not tell. */
static int thread_id(pthread_t thread)
{
    clockid_t clock;
    return pthread_getcpuclockid(thread, &clock) == 0 && clock < 0 ? ~(clock >> 3) : 0;
}

static int create(struct epi_service_thread *service, void *(*run)(void *), size_t stack)
{
    pthread_attr_t attr;
    pthread_t thread;
    int error = pthread_attr_init(&attr);
    if (error != 0)
        return error;
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (stack != 0)
        pthread_attr_setstacksize(&attr, stack);
    error = epi_create_plain(&thread, &attr, run, NULL);
    pthread_attr_destroy(&attr);
    /* A crash may come before the thread has had a CPU to introduce itself.  A report would
     * ask it for its stack, and wait for a thread that blocks the signal. */
    if (error == 0)
        service->tid = thread_id(thread);
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
    if (service->started)
        return 0;
    /* 32 to 34 are libc's: all threads take part in setuid, by such a signal. */
    uint64_t old, mask = ~(epi_service_open() | UINT64_C(7) << 31);
    epi_syscall6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, (long)&old, sizeof mask, 0, 0);
    int error = create(service, run, STACK);
    if (error != 0) /* large static TLS counts against the stack */
        error = create(service, run, 0);
    epi_sigmask(SIG_SETMASK, old);
    service->started = error == 0;
    return error;
}
