/* What the dumper keeps. */
#ifndef EPI_ONDEMAND_H
#define EPI_ONDEMAND_H

#include "dump.h"
#include "dumper.h"
#include "timers.h"
#include "../base/base.h"
#include "../unwind/stack.h"
#include "../incident/incident.h"
#include "../signals/actions.h"

#include <signal.h>

/* A thread that got a registered signal, as it was then (usersignal.c). */
struct epi_usersignal_note {
    struct epi_subject subject;
    _Atomic bool written;
    bool chain_later; /* the previous action's turn is after the dump */
    siginfo_t info;
    struct epi_stack stack;
};

/* How a registered signal is dumped.  Written while it is not published. */
struct epi_usersignal_options {
    struct epi_dump dump;
    bool chain;
};

/* A signal that is or was registered.  The memory stays: a handler may be at it. */
struct epi_usersignal {
    _Atomic(const struct epi_usersignal_options *) options; /* NULL: it is not */
    struct epi_usersignal_options option[2];
    _Atomic uint64_t ring; /* of NOTE, and signals without one (usersignal.c) */
    struct epi_usersignal_note note[2];
    _Atomic uint32_t due; /* signals that the dumper has sent once more */
    _Atomic int ending;   /* the thread on which Go's handler runs, which may end the
                             process; 0: none */
};

struct epi_ondemand {
    struct epi_dumper dumper;
    struct epi_timers timers;
    /* By number; NULL for one that was never registered. */
    _Atomic(struct epi_usersignal *) usersignal[EPI_SIGNALS + 1];
    _Atomic uint32_t usersignal_served; /* that is being dumped; who changes its
                                           options sleeps on this word */
    int usersignal_last;                /* that was dumped; the dumper's */
};

extern struct epi_ondemand epi_ondemand __attribute__((visibility("hidden")));

#endif
