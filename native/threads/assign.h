/* Alternate signal stacks for threads that were not made by the wrapped
 * pthread_create: older than Enable, made by a shared library, made by clone.
 *
 * The helper finds new threads in /proc/self/task and sends them the thread
 * signal, by tgkill: Go preempts its threads with that, so a filter of system
 * calls under which the program works at all allows it.  The handler sees in its context
 * whether there is an alternate stack; where there is none it writes one in, and sigreturn
 * installs it (kernel/signal.c, restore_altstack).  One that is there is never touched.
 *
 * A thread in a system call that a signal ends for good is left alone until it
 * is met outside of it: an EINTR that the program does not expect may harm it,
 * a missing stack only a thread that overflows its own. */
#ifndef EPI_ASSIGN_H
#define EPI_ASSIGN_H

#include "altstack.h"
#include "tasks.h"
#include "threads.h"
#include "../base/base.h"

enum epi_altstack_state {
    EPI_ALT_NEW,     /* not asked yet */
    EPI_ALT_ASKED,   /* whether it has one */
    EPI_ALT_NEEDS,   /* it has none */
    EPI_ALT_OFFERED, /* one is waiting for it */
    EPI_ALT_GIVEN,
    EPI_ALT_HAS,
};

/* A thread that the helper knows. */
struct epi_known {
    int tid;               /* 0: unused */
    uint32_t round;        /* the listing that it was last seen in */
    _Atomic uint8_t state; /* the helper's move, or (ASKED, OFFERED) the thread's */
    struct epi_altstack *stack;
};

struct epi_assign {
    int pid; /* whose threads they are; the helper's */
    _Atomic bool on;   /* the handler is installed */
    _Atomic bool busy; /* the helper may be about to send */
    uint64_t threads; /* their number at the last listing */
    uint32_t round;
    uint32_t quiet;                   /* rounds without a listing */
    uint32_t waiting;                 /* threads that are still to be asked, or given a stack */
    uint32_t next;                    /* where the next look at these begins */
    uint32_t used;                    /* records in use are below */
    _Atomic uint32_t moves;           /* answers; the helper sleeps on it */
    uint16_t bucket[2 * EPI_THREADS]; /* by tid: index + 1 */
    struct epi_known known[EPI_THREADS];
    char listing[EPI_THREADS * EPI_TASKS_ENTRY];
};

/* For the thread signal's handler: the helper has sent it to the thread of record
 * SLOT, below EPI_THREADS. */
EPI_SAFE void epi_assign_accept(uint32_t slot, ucontext_t *uc);

/* For a healthy process: no signal is sent from now on. */
void epi_assign_stop(void);

/* For the helper: looks for new threads, and serves them; false while the core
 * is disabled. */
EPI_SAFE bool epi_assign_round(void);

#endif
