#include "victim.h"

#include "_cgo_export.h"

#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

__attribute__((noinline)) void *victim_sleeps(void *unused)
{
    for (;;)
        pause();
    return unused;
}

void victim_sleeper(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, victim_sleeps, NULL);
}

static void *calls_go(void *unused)
{
    victimPanics();
    return unused;
}

void victim_callback(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, calls_go, NULL);
    pthread_join(thread, NULL);
}

__attribute__((noinline)) void victim_null(void)
{
    *(volatile int *)8 = 1;
}

static void *crashes(void *unused)
{
    victim_null();
    return unused;
}

void victim_null_on_thread(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, crashes, NULL);
    pthread_join(thread, NULL);
}

static void *crashes_later(void *unused)
{
    usleep(300 * 1000);
    victim_null();
    return unused;
}

void victim_null_later(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, crashes_later, NULL);
}
