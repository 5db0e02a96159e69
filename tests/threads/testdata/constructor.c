/* A library whose constructor waits for a thread that changes its signal mask; or, with FRAMES,
 * that announces an empty list of frames to libgcc, as a JIT compiler does. */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

static sem_t ready;

void __register_frame(void *begin);
void __deregister_frame(void *begin);

static void *run(void *arg)
{
#ifdef FRAMES
    static int none[4];
    __register_frame(none);
    __deregister_frame(none);
#else
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
#endif
    sem_post(&ready);
    return arg;
}

static __attribute__((constructor)) void start(void)
{
    pthread_t thread;
    sem_init(&ready, 0, 0);
    pthread_create(&thread, NULL, run, NULL);
    sem_wait(&ready);
}
