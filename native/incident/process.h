/* What belongs to one process, and to none that is forked from it: who crashes, who
 * dumps, which threads the core has.
 *
 * It is memory that the kernel empties in a child of fork (MADV_WIPEONFORK), whichever way
 * the child was made.  So nothing of the core's has to find out that it runs in a child:
 * there is no owner, no service thread, no timer there.  A child of vfork has its parent's
 * memory, and so this too: what it finds is its parent's, and true.  Before Linux 4.14 the
 * child of libc's fork empties it by itself.
 *
 * The number of the process tells the two apart, and a child that has enabled the core
 * from one that has not. */
#ifndef EPI_PROCESS_H
#define EPI_PROCESS_H

#include "incident.h"
#include "../base/base.h"

#include <stdatomic.h>

/* The core's own threads. */
enum epi_service { EPI_SERVICE_HELPER, EPI_SERVICE_DUMPER, EPI_SERVICE_THREADS };

struct epi_service_thread {
    bool started;
    _Atomic int tid;   /* 0: it does not run */
    uintptr_t pointer; /* its pthread_t; 0 until it has introduced itself */
};

/* A thread whose fault a host's handler has been asked about: see signals/asked.h. */
struct epi_evidence;
struct epi_asked {
    _Alignas(64) _Atomic int tid; /* the thread, the last one */
    _Atomic uint32_t round; /* odd while the host's handler runs */
    uint16_t signal;
    bool go; /* the thread is one of Go's */
    _Atomic(struct epi_evidence *) evidence; /* on the stack of the thread's handler */
    uintptr_t handler;    /* the host's */
    uintptr_t frame;      /* the kernel's, of the fault */
    uintptr_t bottom;     /* of the alternate stack that it is on; or 0 */
    uint64_t same;        /* the fault whose handler returned last, with nothing changed */
    uint32_t repeats;     /* how often it did, for that fault; 0: not at all */
    uint32_t left;        /* how often the thread was taken to have jumped out since, ... */
    uint64_t left_fault;  /* ... for this fault */
};
#define EPI_ASKED_WAYS 4
#define EPI_ASKED_SLOTS (128 * EPI_ASKED_WAYS)

/* Written by the floor that a part is named for.  All 0: a child of fork, or the core was
 * never enabled. */
struct epi_process {
    _Atomic int pid; /* who has enabled the core */
    struct epi_service_thread service[EPI_SERVICE_THREADS];
    _Atomic bool assigns; /* the records of threads are of this process (assign.c) */
    _Atomic bool timers;  /* so are the timers (timers.c) */
    _Atomic bool notes;   /* what is under the notes is there (notes.c) */
    _Atomic bool dumps_here; /* a forked child's thread writes a dump (childdump.c) */
    _Atomic bool changing_action; /* a thread does (lock.c) */
    /* Threads that walk their stacks in a signal's handler, and may fault (sample.c).  Raised
     * before anything is loaded that a walk goes by, so what it may have (a table, an index of
     * symbols) is only changed or unmapped when this is 0. */
    _Atomic int receivers;
    _Atomic bool asked_watched; /* the helper looks at ASKED often */
    struct epi_asked asked[EPI_ASKED_SLOTS];
    _Alignas(64) struct epi_incident crash;
    struct epi_incident dump; /* on demand; its owner lives on */
};

union epi_process_pages {
    struct epi_process process;
    char page[(sizeof(struct epi_process) + EPI_PAGE_MOST - 1) / EPI_PAGE_MOST * EPI_PAGE_MOST];
};
extern union epi_process_pages epi_process_pages __attribute__((visibility("hidden")));

static inline EPI_SAFE struct epi_process *epi_process(void)
{
    return &epi_process_pages.process;
}

/* Whoever enables the core calls this first, again after a fork.  0 or an errno value. */
int epi_process_start(void);

/* Is this another process than the one that has enabled the core: a child of fork or of
 * vfork, or one that has not? */
EPI_SAFE bool epi_process_is_child(void);

/* The same of the process PID, which a caller knows to be its own. */
EPI_SAFE bool epi_process_is_other(int pid);

/* Is a thread of this process reporting a crash? */
EPI_SAFE bool epi_crashing(void);

/* The incident that the thread SELF reports; NULL: none.  A crash comes before the dump
 * that it came across. */
EPI_SAFE struct epi_incident *epi_incident_of(uint64_t self);

#endif
