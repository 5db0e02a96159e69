/* Who leaves a breadcrumb: the thread, and the goroutine that it works for.  For a healthy
 * process, where what is loaded here is alive. */
#ifndef EPI_SELF_H
#define EPI_SELF_H

#include "../base/base.h"

/* Where Go's runtime has it (package gort/threads), as offsets.  All 0: not known. */
struct epi_self_layout {
    uintptr_t getg;               /* as in struct epi_goruntime */
    uintptr_t goid, status, call; /* in runtime.g; CALL: where it has called C */
    uintptr_t m;
    uintptr_t current; /* in runtime.m: the goroutine that it runs */
};

/* LAYOUT is in force from now on, unless an earlier one is.  The caller is Go, and has to
 * look whether the place in Go's code that is returned is in runtime.cgocall, and
 * epi_self_goroutine right; else it calls epi_self_forget.  Calls one at a time. */
uintptr_t epi_self_learn(const struct epi_self_layout *layout);
void epi_self_forget(void);

/* The calling thread's number.  Some ns, but for the first time in a thread. */
uint32_t epi_self_thread(void);

/* The goroutine that the calling thread runs, or that has called the C code which it runs;
 * 0: none, or not known. */
uint64_t epi_self_goroutine(void);

#endif
