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

#endif
