/* A library whose constructor waits for a thread that changes its signal mask. */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

static sem_t ready;

static void *run(void *arg)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
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
