/* What the kernel calls, and how the process ends. */
#ifndef EPI_HANDLER_H
#define EPI_HANDLER_H

#include "state.h"

/* The handler of the seven fatal signals.  The kernel is given its entry in
 * assembly, which carries the core's signature (arch_*.c). */
EPI_SAFE void epi_handler(int signal, siginfo_t *info, void *context);

/* The last steps of a crash: the process dies of SIGNAL, at the faulting
 * instruction, once the calling handler has returned. */
EPI_SAFE void epi_terminate(int signal, const siginfo_t *info, ucontext_t *uc);

/* The report, from its first line to its last (report.c). */
EPI_SAFE void epi_report(struct epi_crash *crash);

/* Its last line. */
EPI_SAFE void epi_report_end(struct epi_crash *crash);

/* Does signal.Notify send SIGNAL to a channel of the program? */
EPI_SAFE bool epi_wanted_by_go(int signal);

/* Puts handlers back that were taken away. */
EPI_SAFE void epi_reassert(void);

#endif
