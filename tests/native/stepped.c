/* The functions that test_step goes through, one instruction at a time.
 * Compiled several times with different flags; STEPPED names the variant. */
#include <alloca.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noinline, noclone))
#endif

static volatile long sink;

struct large {
    long words[40];
};

static NOINLINE long leaf(long a, long b)
{
    return a * 3 + b;
}

static NOINLINE long seven_saved(long a, long b, long c, long d, long e, long f, long g)
{
    long x = leaf(a, b), y = leaf(c, d), z = leaf(e, f), w = leaf(g, x);
    for (int i = 0; i < 2; i++)
        x += leaf(y, z) + leaf(w, a) * b + c * d - e * f + g;
    return x + y + z + w;
}

static NOINLINE long big_frame(struct large value)
{
    volatile char room[6000];
    room[sink & 1023] = (char)value.words[3];
    return leaf(room[sink & 1023], value.words[39]);
}

static NOINLINE long moving_stack(long n)
{
    char *room = alloca((size_t)n * 16);
    memset(room, 1, (size_t)n * 16);
    return leaf(room[n], n);
}

/* The stack is realigned: the CFA is found through a register or an
 * expression. */
static NOINLINE long realigned(long n)
{
    _Alignas(64) volatile long room[16];
    room[n & 15] = leaf(n, n);
    return room[n & 15] + leaf(n, (long)((uintptr_t)room & 63));
}

static NOINLINE long variadic(int n, ...)
{
    va_list list;
    long sum = 0;
    va_start(list, n);
    for (int i = 0; i < n; i++)
        sum += va_arg(list, long) + (long)va_arg(list, double);
    va_end(list);
    return leaf(sum, n);
}

static NOINLINE long recursive(long n)
{
    return n == 0 ? leaf(n, 1) : recursive(n - 1) + n;
}

static NOINLINE long tail(long n)
{
    return leaf(n + 1, n + 2); /* a jump, with optimisation */
}

static NOINLINE long several_ends(long n)
{
    if (n == 1)
        return tail(n);
    volatile long room[20];
    room[n] = leaf(n, 1);
    if (n == 2)
        return leaf(room[n], 2);
    for (long i = 0; i < n; i++)
        room[i] = leaf(i, n);
    return room[n - 1];
}

static int compare(const void *a, const void *b)
{
    return (int)leaf(*(const int *)a, 0) - (int)leaf(*(const int *)b, 0);
}

static NOINLINE void in_libc(void)
{
    int values[] = {4, 1, 3, 2};
    char text[32];
    struct timespec now;
    qsort(values, 4, sizeof values[0], compare);  /* calls back */
    sink += (long)strlen(strcpy(text, "text"));   /* through the PLT, and IFUNCs */
    clock_gettime(CLOCK_MONOTONIC, &now);         /* in the vDSO */
    sink += now.tv_nsec + values[0];
}

void STEPPED(void)
{
    struct large value;
    memset(&value, 1, sizeof value);
    sink = seven_saved(1, 2, 3, 4, 5, 6, 7);
    sink += big_frame(value);
    sink += moving_stack(5 + (sink & 1));
    sink += realigned(3);
    sink += variadic(3, 1L, 1.0, 2L, 2.0, 3L, 3.0);
    sink += recursive(3);
    sink += several_ends(1) + several_ends(2) + several_ends(3);
    in_libc();
}
