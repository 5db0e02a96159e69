/* A host's handler that was asked, and gives up. */
#ifndef EPI_ASKEND_H
#define EPI_ASKEND_H

#include "../base/base.h"
#include "../signals/asked.h"

#include <ucontext.h>

/* The host has given EVIDENCE up.  A fault of Go's own code is Go's then, as if the host had
 * not been asked; but by way of the frame UC, which may be that of a signal in the host's
 * handler, where the thread does not come back to.  False: it is another's. */
EPI_SAFE bool epi_asked_for_go(struct epi_evidence *evidence, ucontext_t *uc);

/* Go is about to end the process, on the thread TID at UC.  Did a host's handler call Go's
 * about a fault that it was asked about?  Then that is reported. */
EPI_SAFE void epi_host_died_in_go(int tid, const ucontext_t *uc);

/* The calling thread is about to end the process, and ANSWER says how.  Is it in a host's
 * handler that was asked?  Then that fault is reported. */
void epi_host_ends_process(const char *answer);

#endif
