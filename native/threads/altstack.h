/* Alternate signal stacks for threads that C creates: without one a stack
 * overflow kills in silence, since the kernel has nowhere to put the frame. */
#ifndef EPI_ALTSTACK_H
#define EPI_ALTSTACK_H

#include "../base/base.h"

/* At the top of an alternate stack's mapping, above the stack proper. */
struct epi_altstack {
    struct epi_altstack *next;
    struct epi_range stack; /* without this record and the guards */
    int tid; /* of the thread that may use it; INT_MAX: of none */
    void *(*start)(void *); /* what that thread runs (create.c) */
    void *arg;
    uint64_t believed; /* see masks.h */
    int expected;      /* see newthread.h */
    bool for_go;       /* a thread of Go's runtime */
};

struct epi_altstacks {
    size_t kernel_frame; /* what a signal puts on a stack, at most */
    _Atomic(struct epi_altstack *) ended; /* of threads that end or have ended */
    _Atomic bool pending;                 /* the helper looks at them every second */
};

extern struct epi_altstacks epi_altstacks __attribute__((visibility("hidden")));

/* For a healthy process: FRAME is what the kernel puts on a stack for a signal, at most, in
 * bytes (AT_MINSIGSTKSZ of getauxval). */
void epi_altstacks_prepare(size_t frame);

/* The size of an alternate stack: the kernel's frame (up to 11 KiB with AMX),
 * the entry of our handler, and Go's handler, which may run on it too. */
EPI_SAFE size_t epi_altstack_size(void);

/* In a handler, which UC is the context of: is there room for a walk of the stack, and
 * for the signal of a load that fails in it?  The stack may be an alternate one of a
 * library's. */
EPI_SAFE bool epi_altstack_has_room(const ucontext_t *uc);

/* SIZE bytes of stack with a guard page at both ends, touched so that no fault
 * is left for later; an empty range without memory. */
EPI_SAFE struct epi_range epi_altstack_map(size_t size);

/* A stack for a thread that is to install it; NULL without memory.  It is
 * given back with the id of the thread that may use it, or INT_MAX.  A thread that gives
 * back its own has no mark any more. */
EPI_SAFE struct epi_altstack *epi_altstack_take(void);
EPI_SAFE void epi_altstack_give_back(struct epi_altstack *stack, int tid);

/* Writes down that thread TID has an alternate stack, or has it no more, so that it
 * is not asked whether it has. */
EPI_SAFE void epi_altstack_mark(int tid, bool on);
EPI_SAFE bool epi_altstack_marked(int tid);

/* Unmaps the stacks of threads that have ended.  True when some are left, whose
 * threads are about to end. */
EPI_SAFE bool epi_altstack_reap(void);

#endif
