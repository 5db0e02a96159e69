#include "victim.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

void epi_breadcrumb(const char *text);
void callBack(void);

void crash(void) { *(volatile int *)8 = 1; }
void leave(void) { epi_breadcrumb("by C (thread 1)"); }

static void *thread(void *unused)
{
    epi_breadcrumb("on a thread of C");
    callBack();
    epi_breadcrumb("on a thread of C again");
    return unused;
}

void on_thread(void)
{
    pthread_t id;
    if (pthread_create(&id, NULL, thread, NULL) == 0)
        pthread_join(id, NULL);
}

static void *signals_itself(void *signal)
{
    pthread_kill(pthread_self(), *(int *)signal);
    return NULL;
}

void signal_thread(int signal)
{
    pthread_t id;
    if (pthread_create(&id, NULL, signals_itself, &signal) == 0)
        pthread_join(id, NULL);
}
