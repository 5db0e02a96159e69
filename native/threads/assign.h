/* Alternate signal stacks for threads that were made behind the back of
 * pthread_create's wrapper (create.h): by clone, by a library that calls another
 * pthread_create, in a host whose threads are older than this library.
 *
 * The helper finds such threads in /proc/self/task, maps a stack for each, and sends
 * it the thread signal.  The handler sees in its context whether there is an
 * alternate stack; where there is none it writes that one in, and sigreturn
 * installs it (kernel/signal.c, restore_altstack).  One that is there is never
 * touched.
 *
 * A signal ends some system calls with EINTR, which the program may take for an
 * error, and a missing stack harms only a thread that overflows its own.  So a
 * thread is asked once in its life, and only when it has been found asleep twice in
 * a row, a round or more apart, in the same call, of those that go on after a signal.
 * A thread of a program in which every thread passes the wrapper is never asked. */
#ifndef EPI_ASSIGN_H
#define EPI_ASSIGN_H

#include "altstack.h"
#include "tasks.h"
#include "threads.h"
#include "../base/base.h"

enum epi_altstack_state {
    EPI_ALT_NEW,     /* not asked yet */
    EPI_ALT_OFFERED, /* a stack is waiting for it */
    EPI_ALT_GIVEN,
    EPI_ALT_HAS, /* another one */
};

/* A thread that the helper knows. */
struct epi_known {
    int tid;               /* 0: unused */
    uint32_t round;        /* the listing that it was last seen in */
    uint64_t asleep;       /* where it was found asleep the last time; 0: it was not */
    uint64_t due;          /* when it is to be looked at again */
    uint32_t pause;        /* rounds until the look after that */
    _Atomic uint8_t state; /* the helper's move, or (OFFERED) the thread's */
    struct epi_altstack *stack;
};

struct epi_assign {
    _Atomic bool on;   /* the handler is installed */
    _Atomic bool busy; /* the helper may be about to send */
    bool main_has;     /* the main thread is Go's, and has a stack */
    long filter;       /* the mode of seccomp at epi_enable */
    bool filtered;     /* it has changed: the helper asks no thread any more */
    struct epi_tasks tasks; /* stays open: a filter may refuse to open it anew */
    uint64_t threads; /* their number at the last listing */
    uint32_t round;
    uint32_t quiet;                   /* rounds without a listing */
    uint32_t waiting;                 /* threads that are still to be asked */
    uint32_t next;                    /* where the next look at these begins */
    uint32_t used;                    /* records in use are below */
    uint16_t bucket[2 * EPI_THREADS]; /* by tid: index + 1 */
    struct epi_known known[EPI_THREADS];
    char listing[EPI_THREADS * EPI_TASKS_ENTRY];
};

/* For the thread signal's handler: the helper has sent it to the thread of record
 * SLOT, below EPI_THREADS. */
EPI_SAFE void epi_assign_accept(uint32_t slot, ucontext_t *uc);

/* For a healthy process, on memory that is zero: gets what the helper needs.  PROGRAM:
 * the core is part of the program, and not of a library in it. */
void epi_assign_prepare(struct epi_assign *assign, bool program);

/* For a healthy process: from now on new threads are looked for; no signal is sent any more. */
void epi_assign_start(void);
void epi_assign_stop(void);

/* For the helper: looks for new threads, and serves them; false while the core
 * is disabled. */
EPI_SAFE bool epi_assign_round(void);

#endif
