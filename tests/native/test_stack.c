/* Recursion: folded while it is walked, with exact counts. */
#include "check.h"
#include "harness.h"

#include <pthread.h>
#include <stdlib.h>

static struct epi_stack stack;
static struct epi_rule_cache cache;
static uint32_t max_frames;

static void take(void)
{
    struct epi_regs regs;
    harness_here(&regs);
    harness_walk(&stack, &cache, &regs, max_frames);
}

/* Eight functions that cannot be merged or become tail calls: number K is
 * followed by number next[K] until the count is used up. */
static unsigned char next_of[8];
typedef void rung(unsigned left, unsigned number);
static rung *const rungs[8];
static volatile unsigned kept;

static unsigned levels;
static void bottom(void);

#define RUNG(n)                                                             \
    __attribute__((noinline)) static void rung##n(unsigned left, unsigned number) \
    {                                                                       \
        if (left == 0)                                                      \
            bottom();                                                       \
        else                                                                \
            rungs[next_of[number]](left - 1, next_of[number]);              \
        kept = n;                                                           \
    }
RUNG(0) RUNG(1) RUNG(2) RUNG(3) RUNG(4) RUNG(5) RUNG(6) RUNG(7)
static rung *const rungs[8] = {rung0, rung1, rung2, rung3, rung4, rung5, rung6, rung7};

/* Frames outside of the recursion: of the walk with none. */
static uint64_t around;

static void check_sums(const char *what)
{
    uint64_t sum = stack.count + stack.left_out;
    for (uint32_t i = 0; i < stack.run_count; i++) {
        sum += stack.run[i].more * stack.run[i].period;
        CHECK(stack.run[i].at <= stack.count && stack.run[i].at >= stack.run[i].period,
              "%s: run %u at %u of %u", what, i, stack.run[i].at, stack.count);
    }
    CHECK(sum == stack.total, "%s: %llu of %llu frames accounted for", what,
          (unsigned long long)sum, (unsigned long long)stack.total);
    CHECK(stack.stop == EPI_STOP_OUTERMOST, "%s: stop %d", what, stack.stop);
    CHECK(stack.left_out != 0 || stack.head == stack.count, "%s: head %u", what, stack.head);
}

static void cycle(unsigned period)
{
    for (unsigned i = 0; i < 8; i++)
        next_of[i] = (unsigned char)((i + 1) % period);
}

static void periods(void)
{
    for (unsigned period = 1; period <= 8; period++)
        for (unsigned depth = 1; depth < 5000; depth += depth < 70 ? 1 : 997) {
            cycle(period);
            rungs[0](depth - 1, 0);
            char what[64];
            snprintf(what, sizeof what, "period %u, depth %u", period, depth);
            check_sums(what);
            CHECK(stack.total == around + depth, "%s: %llu frames", what,
                  (unsigned long long)stack.total);
            /* The innermost rung is stopped at another call than the others, so
             * the rounds begin one frame later. */
            unsigned rounds = (depth - 1) / period;
            if (rounds > 3) {
                CHECK(stack.run_count == 1, "%s: %u runs", what, stack.run_count);
                CHECK(stack.run[0].period == period && stack.run[0].more == rounds - 3,
                      "%s: run of %u, %llu more", what, stack.run[0].period,
                      (unsigned long long)stack.run[0].more);
                CHECK(stack.count == around + depth - (rounds - 3) * period, "%s: %u kept",
                      what, stack.count);
            } else {
                CHECK(stack.run_count == 0 && stack.count == stack.total, "%s: %u runs", what,
                      stack.run_count);
            }
        }
}

/* A stack without any period: next_of changes on the way. */
static unsigned random_state;
static void irregular(unsigned left);
#define IRREGULAR(n)                                                        \
    __attribute__((noinline)) static void irregular##n(unsigned left)       \
    {                                                                       \
        irregular(left);                                                    \
        kept = n;                                                           \
    }
IRREGULAR(0) IRREGULAR(1) IRREGULAR(2) IRREGULAR(3)
static void irregular(unsigned left)
{
    static void (*const functions[])(unsigned) = {irregular0, irregular1, irregular2,
                                                  irregular3};
    if (left == 0) {
        take();
    } else {
        random_state = random_state * 1664525 + 1013904223;
        functions[random_state >> 30](left - 1);
    }
    kept = left;
}

static void both_ends(void)
{
    uintptr_t outermost = 0;
    for (unsigned depth = 10; depth < 3000; depth += 37) {
        random_state = depth;
        irregular(depth);
        char what[64];
        snprintf(what, sizeof what, "irregular, depth %u", depth);
        check_sums(what);
        CHECK(stack.count <= EPI_STACK_FRAMES, "%s", what);
        if (stack.left_out != 0)
            CHECK(stack.count > EPI_STACK_FRAMES - EPI_STACK_TAIL / 4 &&
                      stack.head == EPI_STACK_FRAMES - EPI_STACK_TAIL,
                  "%s: %u frames, head %u", what, stack.count, stack.head);
        /* Both ends are those of the stack: main's caller is the last. */
        uintptr_t last = stack.frame[stack.count - 1].pc;
        CHECK(last == outermost || outermost == 0, "%s", what);
        outermost = last;
        for (uint32_t i = 1; i < stack.count; i++)
            CHECK(stack.frame[i].sp > stack.frame[i - 1].sp, "%s: order at %u", what, i);
    }
}

static void limits(void)
{
    for (unsigned depth = 100; depth <= 2000; depth += 950)
        for (max_frames = 1; max_frames <= 300; max_frames += 7) {
            random_state = 7;
            irregular(depth);
            char what[64];
            snprintf(what, sizeof what, "max %u", max_frames);
            check_sums(what);
            CHECK(stack.count <= max_frames, "%s: %u", what, stack.count);
            cycle(3);
            rungs[0](depth, 0);
            check_sums(what);
            CHECK(stack.count <= max_frames, "%s: %u", what, stack.count);
        }
    max_frames = 0;
}

/* Many recursions one above the other: more runs than there is room for. */
static void bottom(void)
{
    if (levels == 0) {
        take();
        return;
    }
    levels--;
    rungs[levels % 8](20, levels % 8);
    kept = levels;
}

static void many_runs(void)
{
    for (unsigned i = 0; i < 8; i++)
        next_of[i] = (unsigned char)i;
    for (unsigned n = 1; n < 60; n++) {
        levels = n;
        bottom();
        char what[64];
        snprintf(what, sizeof what, "%u runs", n);
        check_sums(what);
        CHECK(stack.run_count == (n < EPI_STACK_RUNS ? n : EPI_STACK_RUNS) ||
                  (stack.left_out != 0 && stack.run_count > 4),
              "%s: %u", what, stack.run_count);
        CHECK(stack.total >= n * 21, "%s: %llu", what, (unsigned long long)stack.total);
        for (uint32_t i = 0; i < stack.run_count; i++)
            CHECK(stack.run[i].period == 1 && stack.run[i].more > 10, "%s: run %u", what, i);
    }
}

#define DEEP 200000

static void *deep(void *arg)
{
    (void)arg;
    rungs[0](0, 0);
    around = stack.total - 1;
    cycle(2);
    rungs[0](DEEP - 1, 0);
    check_sums("200 000 deep");
    CHECK(stack.total == around + DEEP, "%llu", (unsigned long long)stack.total);
    CHECK(stack.run_count == 1 && stack.run[0].more == (DEEP - 1) / 2 - 3, "%llu",
          (unsigned long long)stack.run[0].more);
    return NULL;
}

int main(void)
{
    harness_start(NULL);
    rungs[0](0, 0);
    around = stack.total - 1;
    periods();
    both_ends();
    limits();
    many_runs();
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 64 << 20);
    if (pthread_create(&thread, &attr, deep, NULL) != 0)
        abort();
    pthread_join(thread, NULL);
    return check_result();
}
