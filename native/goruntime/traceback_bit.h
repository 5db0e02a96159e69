/* How panics and fatal errors of Go come to the core.
 *
 * An unrecovered panic and a fatal error end in exit(2), which nothing
 * can intercept; unless the runtime shall leave a core dump (GOTRACEBACK=crash):
 * then they end in raise(SIGABRT) (runtime/panic.go, crash).  What decides is bit
 * 0 of runtime.traceback_cache, and nothing else of such an end depends on it.
 * debug.SetTraceback("crash") would set the level as well, and with it what is
 * printed.  So while the core is enabled it keeps the bit set, and ends the
 * process with status 2 in its handler of SIGABRT. */
#ifndef EPI_TRACEBACK_BIT_H
#define EPI_TRACEBACK_BIT_H

#include "../base/base.h"

#include <signal.h>

struct epi_traceback_bit {
    _Atomic bool on;
    _Atomic uint32_t ours;   /* the word as the core left it, with the bit */
    _Atomic bool programs;   /* the program itself had set the bit */
    _Atomic uint32_t inside; /* threads in Go's handler that must not see it */
};

/* For a healthy process, after the handlers were installed and before they are
 * taken away. */
void epi_traceback_bit_start(void);
void epi_traceback_bit_stop(void);

/* Sets the bit again where debug.SetTraceback took it away; takes it away where
 * SIGABRT would not come to the core.  For the helper, now and then. */
EPI_SAFE void epi_traceback_bit_keep(void);

/* Is what Go's handlers of deadly signals do written to the black box? */
bool epi_traceback_bit_marks(void);

/* Shall Go end in SIGABRT, as the program would have it? */
EPI_SAFE bool epi_traceback_bit_programs(void);

/* Around a call of Go's handler.  A signal that Go dies of asks the bit too: with
 * it Go has every thread print its stack first, which changes what is printed. */
EPI_SAFE bool epi_traceback_bit_enter(void);
EPI_SAFE void epi_traceback_bit_leave(bool entered);

/* Calls Go's handler, the action GO, for a signal that it dies of. */
EPI_SAFE void epi_traceback_bit_chain(const struct epi_sigaction *go, int signal, siginfo_t *info,
                                 void *context);

#endif
