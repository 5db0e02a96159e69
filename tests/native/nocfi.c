/* Built several times, always without call frame information: frames with pushes alone, with
 * room for variables, with room whose size only the program knows, and behind a switch. */
#include "nocfi.h"

#include <stddef.h>

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)
#define NAME(x) JOIN(NOCFI, x)
#define FUNCTION __attribute__((noinline, noclone, visibility("default")))

/* Each function notes where it returns to. */
#define ENTER() (nocfi_returns[nocfi_count++] = __builtin_return_address(0))
#define LEAVE() (nocfi_count--)

FUNCTION long NAME(leaf)(nocfi_at *stop, long a)
{
    ENTER();
    stop(__builtin_return_address(0));
    LEAVE();
    return a + 1;
}

/* Registers are kept over the call, and it is in a loop that is left in two ways. */
FUNCTION long NAME(pushes)(nocfi_at *stop, long a, long b, long c, long d)
{
    ENTER();
    long sum = 0;
    for (long i = 0; i < a; i++) {
        if (b == i * 100) {
            LEAVE();
            return d;
        }
        sum += NAME(leaf)(stop, a + b) * c;
    }
    LEAVE();
    return sum + a * b * c * d;
}

FUNCTION long NAME(room)(nocfi_at *stop, long a)
{
    volatile char buffer[300];
    ENTER();
    for (size_t i = 0; i < sizeof buffer; i++)
        buffer[i] = (char)a;
    long result = NAME(leaf)(stop, a) + buffer[a];
    LEAVE();
    return result;
}

FUNCTION long NAME(alloca)(nocfi_at *stop, long a)
{
    volatile char *buffer = __builtin_alloca((size_t)a * 16);
    ENTER();
    buffer[a] = 1;
    long result = NAME(leaf)(stop, a) + buffer[a];
    LEAVE();
    return result;
}

FUNCTION long NAME(cases)(nocfi_at *stop, long a)
{
    long before = a * 7, result;
    ENTER();
    switch (a) {
    case 1: result = NAME(leaf)(stop, before) + 10; break;
    case 2: result = before; break;
    case 3: result = NAME(leaf)(stop, before) * before; break;
    case 4: result = before ^ 5; break;
    case 5: result = NAME(leaf)(stop, 4) - before; break;
    case 6: result = 12; break;
    default: result = 0;
    }
    LEAVE();
    return result;
}

FUNCTION long NOCFI(int shape, nocfi_at *stop)
{
    long result = 0;
    ENTER();
    switch (shape) {
    case 0: result = NAME(pushes)(stop, 1, 2, 3, 4); break;
    case 1: result = NAME(room)(stop, 10); break;
    case 2: result = NAME(alloca)(stop, 10); break;
    case 3: result = NAME(cases)(stop, 5); break;
    }
    LEAVE();
    return result;
}
