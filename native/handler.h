/* What the kernel calls, and how the process ends. */
#ifndef EPI_HANDLER_H
#define EPI_HANDLER_H

#include "state.h"

/* The handler of the seven fatal signals.  The kernel is given its entry in
 * assembly, which carries the core's signature (arch_*.c). */
EPI_SAFE void epi_handler(int signal, siginfo_t *info, void *context);

/* Makes the calling thread SELF the owner of CRASH, unless there is one. */
EPI_SAFE bool epi_crash_take(struct epi_crash *crash, uint64_t self);

/* The owner's first steps. */
EPI_SAFE void epi_crash_begin(struct epi_crash *crash, const struct epi_options *options,
                              int signal, const siginfo_t *info, ucontext_t *uc);

/* Another thread reports: waits for the end, or until that crash is over. */
EPI_SAFE void epi_crash_park(struct epi_crash *crash, const struct epi_options *options,
                             int signal, const siginfo_t *info, const ucontext_t *uc);

/* Go has printed its own report and ends the process (godies.c).  Returns if it
 * shall die as it was about to, of SIGABRT. */
EPI_SAFE void epi_go_dies(struct epi_crash *crash, int signal, const siginfo_t *info,
                          ucontext_t *uc);

/* Calls Go's handler, the action PREVIOUS, for a fault that is Go's. */
EPI_SAFE void epi_go_faults(struct epi_crash *crash, const struct epi_sigaction *previous,
                            int signal, siginfo_t *info, ucontext_t *uc);

/* Go passes a fault in C on to the handler that was there before Go
 * (runtime/signal_unix.go, sigfwdgo): then Go's handler is the host's. */
EPI_SAFE bool epi_forwarded_by_go(int signal, const siginfo_t *info);

/* The fatal signals and the one of the deadlines. */
EPI_SAFE uint64_t epi_fatal_mask(void);

/* The last steps of a crash: the process dies of SIGNAL, at the faulting
 * instruction, once the calling handler has returned. */
EPI_SAFE void epi_terminate(int signal, const siginfo_t *info, ucontext_t *uc);

/* Dies of SIGABRT, where the kernel lets it; otherwise returns.  For a thread that
 * need not go on. */
EPI_SAFE void epi_abort(void);

/* The report, from its first line to its last (report.c), on the reporter's own
 * stack. */
EPI_SAFE void epi_report(struct epi_crash *crash);
EPI_SAFE void epi_report_on_own_stack(struct epi_crash *crash);

/* Its last line. */
EPI_SAFE void epi_report_end(struct epi_crash *crash);

/* Does signal.Notify send SIGNAL to a channel of the program? */
EPI_SAFE bool epi_wanted_by_go(int signal);

/* Puts handlers back that were taken away.  For a dump, not where the program has
 * an action of its own now, which its next fault may need, or which ignores the signal;
 * false when the faults of loads go to such a one. */
EPI_SAFE bool epi_reassert(bool crash);

/* For the wrapper of sigaction: what libc was given, as the kernel takes it; and makes
 * that the action TO, which a handler may be calling. */
struct epi_sigaction epi_action_of(const struct sigaction *action);
void epi_action_set(struct epi_sigaction *to, const struct epi_sigaction *action);

/* The same: does Go's runtime give back the core's HANDLER, which it has found there?  Not
 * one of C that puts back what it has saved: behind it Go's handler is as it was. */
bool epi_given_back(const struct sigaction *action, uintptr_t handler);

/* The same: is this signal.Stop, or Reset, of a SIGNAL that Go took over in a library before
 * the core did?  Then Go puts back the default action, which it also sets to die of a
 * signal. */
bool epi_stopped_by_go(int signal, const struct sigaction *action);

#endif
