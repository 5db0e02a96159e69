#include "stacks.h"
#include "hosts.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define PATTERN 0xa5
#define PAGE 4096

struct use {
    victim_function crash;
    size_t size, used;
};

static void *use_main(void *arg) {
    struct use *use = arg;
    // Guards on both sides: what does not fit must not go unnoticed.
    size_t size = (use->size + PAGE - 1) & ~(size_t)(PAGE - 1);
    unsigned char *memory = mmap(NULL, size + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char *bottom = memory + PAGE + (size - use->size);
    if (memory == MAP_FAILED || mprotect(memory + PAGE, size, PROT_READ | PROT_WRITE) != 0) {
        return NULL;
    }
    memset(memory + PAGE, PATTERN, size);
    stack_t stack = {.ss_sp = bottom, .ss_size = use->size}, old;
    if (sigaltstack(&stack, &old) != 0) {
        return NULL;
    }
    victim_call(use->crash);
    size_t untouched = 0;
    while (untouched < use->size && bottom[untouched] == PATTERN) {
        untouched++;
    }
    use->used = host_seen.frame - (uintptr_t)(bottom + untouched);
    sigaltstack(&old, NULL);
    return NULL;
}

size_t stacks_use(victim_function crash, size_t size) {
    struct use use = {.crash = crash, .size = size, .used = 0};
    pthread_t thread;
    if (pthread_create(&thread, NULL, use_main, &use) != 0 || pthread_join(thread, NULL) != 0) {
        return 0;
    }
    return use.used;
}

static sem_t go_on;
static victim_function early;
static pthread_t early_thread;

static _Atomic bool has_altstack;

/* The helper thread gives a stack to one that it has found asleep twice, a second apart,
 * in a call that goes on after a signal: so this thread sleeps, and looks when it is
 * woken. */
static void wait_for_altstack(void) {
    stack_t stack;
    do {
        while (sem_wait(&go_on) != 0) {
        }
        sigaltstack(NULL, &stack);
    } while (stack.ss_flags & SS_DISABLE);
    has_altstack = true;
}

static void *early_main(void *arg) {
    wait_for_altstack();
    victim_call(early);
    return arg;
}

int stacks_start_early(void) {
    sem_init(&go_on, 0, 0);
    return pthread_create(&early_thread, NULL, early_main, NULL);
}

void stacks_crash_early(victim_function crash) {
    struct timespec turn = {.tv_sec = 3};
    early = crash;
    while (!has_altstack) {
        nanosleep(&turn, NULL);
        sem_post(&go_on);
    }
    pthread_join(early_thread, NULL);
}

static void *short_main(void *arg) {
    return arg;
}

#define AT_A_TIME 8

int stacks_short_threads(int count) {
    pthread_t threads[AT_A_TIME];
    for (int made = 0; made < count; made += AT_A_TIME) {
        for (int i = 0; i < AT_A_TIME; i++) {
            if (pthread_create(&threads[i], NULL, short_main, NULL) != 0) {
                return -1;
            }
        }
        for (int i = 0; i < AT_A_TIME; i++) {
            pthread_join(threads[i], NULL);
        }
    }
    return 0;
}

static void *idle(void *unused)
{
    return unused;
}

void stacks_abort_without_thread(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, (size_t)1 << 60);
    if (pthread_create(&thread, &attr, idle, NULL) != 0)
        abort();
}
