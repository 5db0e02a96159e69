/* What the kernel calls, and how the process ends; also for entry_*.c and gofatal.c. */
#ifndef EPI_HANDLER_H
#define EPI_HANDLER_H

#include "../base/base.h"
#include "../incident/incident.h"

/* The handler of the seven fatal signals.  The kernel is given its entry in
 * assembly, which carries the core's signature (arch_*.c). */
EPI_SAFE void epi_handler(int signal, siginfo_t *info, void *context);

/* Makes the calling thread SELF the owner of CRASH, unless there is one. */
EPI_SAFE bool epi_crash_take(struct epi_incident *crash, uint64_t self);

/* The owner's first steps. */
EPI_SAFE void epi_crash_begin(struct epi_incident *crash, const struct epi_options *options,
                              int signal, const siginfo_t *info, ucontext_t *uc);

/* Another thread reports: waits for the end, or until that crash is over. */
EPI_SAFE void epi_crash_park(struct epi_incident *crash, const struct epi_options *options,
                             int signal, const siginfo_t *info, const ucontext_t *uc);

/* Go has printed its own report and ends the process (gofatal.c).  Returns if it
 * shall die as it was about to, of SIGABRT. */
EPI_SAFE void epi_go_dies(struct epi_incident *crash, int signal, const siginfo_t *info,
                          ucontext_t *uc);

/* Calls Go's handler, the action PREVIOUS, for a fault that is Go's. */
EPI_SAFE void epi_go_faults(struct epi_incident *crash, const struct epi_sigaction *previous,
                            int signal, siginfo_t *info, ucontext_t *uc);

/* What the kernel is given as the handler: jumps to epi_handler.  The bytes
 * before it are the core's signature, by which another copy of the core in the
 * same process is recognised. */
EPI_SAFE void epi_arch_handler(int signal, siginfo_t *info, void *context);
#define EPI_SIGNATURE "epitaph handler"

#endif
