/* The code between a fault and the first line of its report.
 *
 * It has not run since the program began, so that each of its cache lines is waited for, one
 * after the other: a third of the time to the first line.  The functions of each of the two
 * parts stand together, in a section of their own, and the whole of it is asked for at once.
 * A prefetch never faults, and changes nothing that a program can see. */
#ifndef EPI_FETCH_H
#define EPI_FETCH_H

#include "base.h"

/* Marks a function that each fault goes through, also one that is none of ours: these come by
 * the million in some programs. */
#define EPI_ON_FAULT __attribute__((section("epi_on_fault")))

/* Marks a function that runs after a crash is owned and before its first line is written. */
#define EPI_ON_CRASH __attribute__((section("epi_on_crash")))

/* The linker defines these two for each section whose name is an identifier. */
extern const char __start_epi_on_fault[] __attribute__((visibility("hidden")));
extern const char __stop_epi_on_fault[] __attribute__((visibility("hidden")));
extern const char __start_epi_on_crash[] __attribute__((visibility("hidden")));
extern const char __stop_epi_on_crash[] __attribute__((visibility("hidden")));

#define EPI_CACHE_LINE 64 /* where it is longer, some are asked for twice */

static inline EPI_SAFE void epi_fetch(const char *from, const char *end)
{
    for (; from < end; from += EPI_CACHE_LINE)
        __builtin_prefetch(from, 0, 2);
}

static inline EPI_SAFE void epi_fetch_on_fault(void)
{
    epi_fetch(__start_epi_on_fault, __stop_epi_on_fault);
}

static inline EPI_SAFE void epi_fetch_on_crash(void)
{
    epi_fetch(__start_epi_on_crash, __stop_epi_on_crash);
}

#endif
