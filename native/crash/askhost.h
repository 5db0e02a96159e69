/* A host's handler that may resolve a fault is asked before anybody hears of it. */
#ifndef EPI_ASKHOST_H
#define EPI_ASKHOST_H

#include "../base/base.h"
#include "../signals/asked.h"

#include <signal.h>
#include <ucontext.h>

/* Asks the handler ACTION about a fault of the thread TID, if it is one that goes first.
 * False: it is none, and nothing has been done.  OUTER is the fault in whose handler
 * this one happened, or NULL.  CALLED says that a handler has called ours. */
EPI_SAFE bool epi_host_asked(const struct epi_sigaction *action, struct epi_evidence *outer,
                             int tid, bool called, int signal, siginfo_t *info, ucontext_t *uc);

/* The same about a fault of Go's own code, which is Go's, whose action is GO, when the handler
 * does not resolve it. */
EPI_SAFE bool epi_host_asked_for_go(const struct epi_sigaction *action,
                                    const struct epi_sigaction *go, int signal, siginfo_t *info,
                                    ucontext_t *uc);

/* The thread TID has a fault, or a signal was sent to it: does a host's handler that was
 * asked give up by that?  Then it has been reported, and dealt with.  NEXT is whose turn it
 * is for SIGNAL; CALLED: the same. */
EPI_SAFE bool epi_host_gave_up(const struct epi_sigaction *next, int tid, bool called, int signal,
                               siginfo_t *info, ucontext_t *uc);

#endif
