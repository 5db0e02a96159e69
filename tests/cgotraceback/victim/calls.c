#include "calls.h"
#include "_cgo_export.h"

#include <pthread.h>
#include <stdlib.h>

static inline __attribute__((always_inline)) unsigned mix(unsigned x)
{
    x ^= x << 13;
    x ^= x >> 17;
    return x ^ x << 5;
}

__attribute__((noinline)) unsigned work_leaf(unsigned rounds)
{
    unsigned x = 1;
    for (unsigned i = 0; i < rounds; i++)
        x = mix(x) + i;
    return x;
}

static volatile unsigned sink;

__attribute__((noinline)) static void work_middle(unsigned rounds)
{
    sink += work_leaf(rounds);
}

void work(unsigned rounds)
{
    work_middle(rounds);
    sink++;
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a < *(const int *)b ? -1 : 1;
}

void sorting(int n)
{
    int *v = malloc((size_t)n * sizeof *v);
    for (int i = 0; i < n; i++)
        v[i] = (int)mix((unsigned)i + 1);
    qsort(v, (size_t)n, sizeof *v, compare);
    free(v);
}

__attribute__((noinline)) static void call_bridge(int what)
{
    goCallback(what);
    sink++;
}

void call_go(int what)
{
    call_bridge(what);
    sink++;
}

static void *in_thread(void *what)
{
    call_go((int)(long)what);
    return NULL;
}

static void join(void *(*run)(void *), long argument)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, (void *)argument) == 0)
        pthread_join(thread, NULL);
}

void call_go_in_thread(int what)
{
    join(in_thread, what);
}

static void *working(void *rounds)
{
    work_middle((unsigned)(long)rounds);
    return NULL;
}

void work_in_thread(unsigned rounds)
{
    join(working, rounds);
}

__attribute__((noinline)) void crash_null(void)
{
    *(volatile int *)8 = 1;
}

void visit(int times)
{
    for (int i = 0; i < times; i++)
        goVisit();
}

static void *visiting(void *times)
{
    visit((int)(long)times);
    return NULL;
}

void visit_in_thread(int times)
{
    join(visiting, times);
}
