#include "stuck.h"

#include <pthread.h>
#include <unistd.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both_have_one;

static __attribute__((constructor)) void prepare(void)
{
    pthread_barrier_init(&both_have_one, NULL, 2);
}

void stuck_wait_for_ever(void)
{
    for (;;)
        pause();
}

static void take(pthread_mutex_t *one, pthread_mutex_t *other)
{
    pthread_mutex_lock(one);
    pthread_barrier_wait(&both_have_one);
    pthread_mutex_lock(other);
}

void stuck_take_first_then_second(void)
{
    take(&first, &second);
    pause(); /* no tail call above */
}

void stuck_take_second_then_first(void)
{
    take(&second, &first);
    pause();
}
