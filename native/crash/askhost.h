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

/* The host has given EVIDENCE up.  A fault of Go's own code is Go's then, as if the host had
 * not been asked; but by way of the frame UC, which may be that of a signal in the host's
 * handler, where the thread does not come back to.  False: it is another's. */
EPI_SAFE bool epi_asked_for_go(struct epi_evidence *evidence, ucontext_t *uc);

/* The thread TID has a fault, or a signal was sent to it: does a host's handler that was
 * asked give up by that?  Then it has been reported, and dealt with.  NEXT is whose turn it
 * is for SIGNAL; CALLED: the same. */
EPI_SAFE bool epi_host_gave_up(const struct epi_sigaction *next, int tid, bool called, int signal,
                               siginfo_t *info, ucontext_t *uc);

/* Go is about to end the process, on the thread TID at UC.  Did a host's handler call Go's about
 * a fault that it was asked about?  Then that is reported. */
EPI_SAFE void epi_host_died_in_go(int tid, const ucontext_t *uc);

/* The calling thread is about to end the process, and ANSWER says how.  Is it in a host's
 * handler that was asked?  Then that fault is reported. */
void epi_host_ends_process(const char *answer);

#endif
