/* A handler without SA_ONSTACK belongs on the stack that its signal has interrupted.
 *
 * The core's own handlers have SA_ONSTACK, or none would hear of a stack overflow.  What they
 * call runs on the alternate stack, too; but a handler that was written for the megabytes of
 * the thread's stack may need more than the alternate stack has.  A Go thread's is 32 KiB in
 * Go's heap, without a guard below.
 *
 * To change the stack pointer alone would not do: with it elsewhere the kernel takes the
 * alternate stack for unused, and the next signal's frame overwrites what is on it.  So the
 * whole frame of the signal goes with it, and the alternate stack is unused in fact. */
#ifndef EPI_REDELIVER_H
#define EPI_REDELIVER_H

#include "../base/base.h"

#include <signal.h>
#include <ucontext.h>

struct epi_evidence;
struct epi_incident;

/* What is called there knows no more than this. */
struct epi_redelivered {
    const struct epi_sigaction *action;
    siginfo_t *info;
    ucontext_t *uc;
    struct epi_evidence *outer;
    struct epi_incident *crash;
    int signal, tid;
    void (*call)(struct epi_redelivered *);
};

enum epi_where {
    EPI_WHERE_HERE,  /* on the stack that the caller runs on */
    EPI_WHERE_BELOW, /* below what the signal has interrupted */
    EPI_WHERE_NONE,  /* there, but there is no room: the kernel would kill the process */
};

/* Where does ACTION's handler belong, if the kernel has called the caller with UC?  CALLED:
 * another handler has, and the frame is not the caller's. */
EPI_SAFE enum epi_where epi_redeliver_where(const struct epi_sigaction *action,
                                            const ucontext_t *uc, bool called);

/* Moves the frame of the signal below what it has interrupted, with WITH's siginfo, and calls
 * WITH's function there, with a copy of WITH, as the kernel would.  When that returns, the
 * thread goes on where it was interrupted. */
EPI_SAFE _Noreturn void epi_redeliver(const struct epi_redelivered *with);

#endif
