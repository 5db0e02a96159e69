#include <stdio.h>

static inline __attribute__((always_inline)) int clamp(int v, int lo, int hi)
{
    volatile int seen = v;
    if (seen < lo)
        return lo;
    if (v > hi)
        return hi;
    return v;
}
static int same1(int x)
{
    volatile int y = x + 1;
    return y;
}
static int same2(int x)
{
    volatile int y = x + 1;
    return y;
}
int (*f1)(int) = same1, (*f2)(int) = same2;
__attribute__((noinline, cold)) void rare(int x)
{
    fprintf(stderr, "rare %d\n", x);
}
#line 7 "generated.y"
int parse(int x)
{
    volatile int k = clamp(x, 0, 9);
    if (__builtin_expect(k == 3, 0))
        rare(k);
    return f1(k) + f2(k);
}
#line 40 "plain.c"
int cmain(int x)
{
    return parse(x);
}
