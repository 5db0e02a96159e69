/* Nanoseconds per frame over a stack of some 64, beside the unwinders that
 * every C program has at hand.  One run, taken in turns, the best of many
 * rounds each, so that the ratios hold on a machine that is not idle. */
#include "harness.h"
#include "reference.h"

#include <execinfo.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define ROUNDS 400
#define REPEAT 20

static struct epi_rule_cache cache;
static struct epi_stack stack;
static struct epi_regs regs;
static volatile unsigned kept;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static size_t by_cfi_warm(void)
{
    harness_walk(&stack, &cache, &regs, 0);
    return stack.total;
}

static size_t by_cfi_emptied_cache(void)
{
    memset(&cache, 0, sizeof cache);
    harness_walk(&stack, &cache, &regs, 0);
    return stack.total;
}

static size_t by_cfi_uncached(void)
{
    harness_walk(&stack, NULL, &regs, 0);
    return stack.total;
}

static size_t by_backtrace(void)
{
    static void *pcs[512];
    return (size_t)backtrace(pcs, 512);
}

static struct {
    const char *name;
    size_t (*walk)(void);
    size_t frames;
    double first, best; /* whole walks, ns */
} subjects[] = {
    {"_Unwind_Backtrace", reference_count, 0, 0, 1e18},
    {"backtrace()", by_backtrace, 0, 0, 1e18},
    {"epitaph, warm", by_cfi_warm, 0, 0, 1e18},
    {"epitaph, cache emptied", by_cfi_emptied_cache, 0, 0, 1e18},
    {"epitaph, no cache", by_cfi_uncached, 0, 0, 1e18},
};

static void measure(void)
{
    harness_here(&regs);
    for (int round = 0; round < ROUNDS; round++)
        for (size_t s = 0; s < EPI_COUNT(subjects); s++) {
            double start = now();
            subjects[s].frames = subjects[s].walk();
            double first = now() - start;
            if (round == 0)
                subjects[s].first = first;
            start = now();
            for (int i = 0; i < REPEAT; i++)
                subjects[s].walk();
            double each = (now() - start) / REPEAT;
            if (each < subjects[s].best)
                subjects[s].best = each;
        }
}

/* Different functions, so that no recursion is folded: 64 return addresses. */
#define LEVEL(n, next)                                                      \
    __attribute__((noinline)) static void level##n(unsigned x)              \
    {                                                                       \
        next(x + n);                                                        \
        kept = x;                                                           \
    }
static void level(unsigned x)
{
    kept = x;
    measure();
}
#define LEVELS(a, b, c, d, e, next)                                         \
    LEVEL(a, next) LEVEL(b, level##a) LEVEL(c, level##b) LEVEL(d, level##c) LEVEL(e, level##d)
LEVELS(1, 2, 3, 4, 5, level)
LEVELS(6, 7, 8, 9, 10, level5)
LEVELS(11, 12, 13, 14, 15, level10)
LEVELS(16, 17, 18, 19, 20, level15)
LEVELS(21, 22, 23, 24, 25, level20)
LEVELS(26, 27, 28, 29, 30, level25)
LEVELS(31, 32, 33, 34, 35, level30)
LEVELS(36, 37, 38, 39, 40, level35)
LEVELS(41, 42, 43, 44, 45, level40)
LEVELS(46, 47, 48, 49, 50, level45)
LEVELS(51, 52, 53, 54, 55, level50)
LEVELS(56, 57, 58, 59, 60, level55)

int main(void)
{
    harness_start(NULL);
    level60(1);
    double libgcc = subjects[0].best / (double)subjects[0].frames;
    printf("%-24s %7s %10s %12s %8s\n", "unwinder", "frames", "ns/frame", "first call", "ratio");
    for (size_t s = 0; s < EPI_COUNT(subjects); s++) {
        double each = subjects[s].best / (double)subjects[s].frames;
        printf("%-24s %7zu %10.1f %9.1f us %7.2fx\n", subjects[s].name, subjects[s].frames,
               each, subjects[s].first / 1e3, libgcc / each);
    }
    return 0;
}
