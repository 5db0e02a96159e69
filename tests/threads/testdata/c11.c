/* A library that makes a C11 thread, as librdkafka does. */
#include <threads.h>

int make_c11_thread(int (*body)(void *), void *arg)
{
    thrd_t thread;
    int result = -1;
    if (thrd_create(&thread, body, arg) != thrd_success || thrd_join(thread, &result) != thrd_success)
        return -1;
    return result;
}
