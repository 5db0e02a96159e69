/* The pool of alternate stacks, and who is marked as having one. */
#include "check.h"
#include "altstack.h"
#include "base.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int number;

static void *give_back(void *stack)
{
    number = (int)syscall(SYS_gettid);
    epi_altstack_mark(number, true);
    epi_altstack_give_back(stack, number);
    return NULL;
}

/* A thread that has given back its stack, and is known to the kernel no more. */
static void end_thread(struct epi_altstack *stack)
{
    struct timespec pause = {0, 1000 * 1000};
    pthread_t thread;
    pthread_create(&thread, NULL, give_back, stack);
    pthread_join(thread, NULL);
    while (syscall(SYS_tgkill, getpid(), number, 0) == 0)
        nanosleep(&pause, NULL);
}

int main(void)
{
    struct epi_altstack *stack = epi_altstack_take();
    CHECK(stack != NULL, "no memory");
    if (stack == NULL)
        return check_result();
    end_thread(stack);
    CHECK(!epi_altstack_marked(number), "a thread that has ended is marked");

    /* The next thread of that number marks itself before the stack is used again. */
    epi_altstack_mark(number, true);
    CHECK(epi_altstack_take() == stack, "the stack is not used again");
    CHECK(epi_altstack_marked(number), "to take the stack erased another thread's mark");
    epi_altstack_mark(number, false);

    end_thread(stack);
    epi_altstack_mark(number, true);
    CHECK(!epi_altstack_reap(), "a stack is left");
    CHECK(epi_altstack_marked(number), "to unmap the stack erased another thread's mark");
    return check_result();
}
