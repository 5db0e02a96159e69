/* What every file of the core is written in: the safety mark, the few
 * helpers that take libc's place after a fault, and the raw system call. */
#ifndef EPI_BASE_H
#define EPI_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* MemorySanitizer does not see what a system call writes (arch_*.S), or that the kernel
 * calls a signal handler with arguments: a function that may read either is not checked, and
 * epi_written declares what others read. */
#if defined __clang__
#if __has_feature(memory_sanitizer)
#define EPI_MSAN
#endif
#endif
#ifdef EPI_MSAN
#include <sanitizer/msan_interface.h>
#define EPI_UNCHECKED __attribute__((no_sanitize("memory")))
#else
#define EPI_UNCHECKED
#endif

/* Marks a function that may run after a fault: on any thread, at any
 * instruction, with any lock held and the heap damaged.
 * tools/lintsafe checks that such a function calls only such functions.
 * A function without the mark runs only while the process is healthy. */
#define EPI_SAFE EPI_UNCHECKED

/* A system call has written SIZE bytes at ADDRESS, which may be NULL. */
static inline EPI_SAFE void epi_written(const void *address, size_t size)
{
#ifdef EPI_MSAN
    if (address != NULL)
        __msan_unpoison(address, size);
#else
    (void)address;
    (void)size;
#endif
}

#define EPI_NOINLINE __attribute__((noinline))
/* Assembly refers to it, which a compiler that sees the whole program (-flto) does not know. */
#if defined __GNUC__ && !defined __clang__
#define EPI_FOR_ASSEMBLY __attribute__((used, externally_visible))
#else
#define EPI_FOR_ASSEMBLY __attribute__((used))
#endif
#define EPI_COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct epi_range {
    uintptr_t start, end; /* [start, end) */
};

#include "arch.h"

/* memcpy and friends are not used after a fault: in a dynamic program the
 * first call of each goes through the lazy binder and an IFUNC resolver. */
static inline EPI_SAFE bool epi_equal(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i])
            return false;
    return true;
}

/* For small structures in a hot path: a string instruction takes 20 ns to get
 * going.  SIZE is a multiple of 8.  The empty asm keeps the compiler from
 * making a call of memcpy out of the loop. */
typedef uint64_t __attribute__((may_alias)) epi_word;

static inline EPI_SAFE void epi_copy_words(void *to, const void *from, size_t size)
{
    epi_word *x = to;
    const epi_word *y = from;
    for (size_t i = 0; i < size / sizeof *x; i++) {
        x[i] = y[i];
        __asm__ volatile("" ::: "memory");
    }
}

static inline EPI_SAFE void epi_zero_words(void *to, size_t size)
{
    epi_word *x = to;
    for (size_t i = 0; i < size / sizeof *x; i++) {
        x[i] = 0;
        __asm__ volatile("" ::: "memory");
    }
}

static inline EPI_SAFE size_t epi_strlen(const char *s)
{
    size_t n = 0;
    while (s[n] != '\0') {
        n++;
        __asm__("" : "+r"(n)); /* or the compiler sees strlen, and calls it */
    }
    return n;
}

static inline EPI_SAFE bool epi_streq(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    return *a == *b;
}

/* A hash, one word at a time. */
static inline EPI_SAFE uint64_t epi_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* VALUE in decimal: its digits end before END, which is behind room for 20.  The first
 * one's place. */
static inline EPI_SAFE char *epi_decimal(char *end, uint64_t value)
{
    do
        *--end = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    return end;
}

static inline EPI_SAFE bool epi_in(struct epi_range range, uintptr_t address)
{
    return address - range.start < range.end - range.start;
}

/* Takes COST from the work that is LEFT; false, with nothing taken, when that is more. */
static inline EPI_SAFE bool epi_spend(uint32_t *left, uint32_t cost)
{
    if (*left < cost)
        return false;
    *left -= cost;
    return true;
}

#endif
