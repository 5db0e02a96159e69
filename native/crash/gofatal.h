/* Go's part in the life of a crash: faults that are Go's, and panics and fatal errors. */
#ifndef EPI_GOFATAL_H
#define EPI_GOFATAL_H

#include "../base/base.h"
#include "../incident/incident.h"

#include <signal.h>
#include <ucontext.h>

/* Go has printed its own report and ends the process.  Returns if it shall die as it was
 * about to, of SIGABRT. */
EPI_SAFE void epi_go_dies(struct epi_incident *crash, int signal, const siginfo_t *info,
                          ucontext_t *uc);

/* Calls Go's handler, the action PREVIOUS, for a fault that is Go's. */
EPI_SAFE void epi_go_faults(struct epi_incident *crash, const struct epi_sigaction *previous,
                            int signal, siginfo_t *info, ucontext_t *uc);

/* The action for a fault of Go's own code, where the core's has the action NEXT behind it.  A
 * library's handler that was put before Go's would take the fault for C's, and is passed by.
 * The three that Go makes panics of (runtime/sigtab_linux_generic.go, _SigPanic) it handles in
 * every kind of program. */
EPI_SAFE const struct epi_sigaction *epi_go_action_for(int signal,
                                                       const struct epi_sigaction *next);

/* But not where the fault may be of memory that it watches.  May a host's handler that stands
 * before Go's, NEXT, repair a fault of Go's own code? */
EPI_SAFE bool epi_go_fault_is_open(const struct epi_sigaction *next, int signal,
                                   const siginfo_t *info, const ucontext_t *uc);

#endif
