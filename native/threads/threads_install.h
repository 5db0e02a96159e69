/* For install.c: the preparations of threads.h. */
#ifndef EPI_THREADS_INSTALL_H
#define EPI_THREADS_INSTALL_H

#include "../base/base.h"

#include <signal.h>

/* The signals that may be chosen: below are those with a meaning and those of
 * the C library. */
#define EPI_THREAD_SIGNAL_LEAST 35
#define EPI_THREAD_SIGNAL_MOST  64

/* Has a thread not got the SIGNAL yet that it was sent, because it blocks it?  The
 * default action would then kill the process, and so would Go's handler on a thread
 * that C created (runtime/signal_unix.go, raisebadsignal): the core's handler has
 * to stay.  Call it while nobody sends the signal. */
bool epi_signal_waits(int signal);

/* Has nobody but Go and the core an action for SIGNAL?  Go handles all real-time signals, so
 * "free" cannot mean the default; or ignores all of them, after signal.Ignore()
 * without arguments. */
bool epi_signal_free(int signal);

/* Is the core part of the program, and not of a library or a plugin in it?  For a healthy
 * process. */
bool epi_in_program(void);

/* Gets the memory, and chooses the thread signal: WANTED, or any when that is 0.
 * EINVAL: WANTED is not one that may be chosen; EADDRINUSE: somebody handles it,
 * or all. */
int epi_threads_prepare(int wanted, int *signal);

/* Makes SIGNAL the thread signal, instead of the one so far. */
void epi_threads_install(int signal);

/* Puts back the action that was there before. */
void epi_threads_uninstall(void);

/* For the wrapper of sigaction: Go's runtime changes its action for SIGNAL, or somebody has
 * it ignored, or the default action back.  True when that is one of the core's own: it is
 * written down as the previous action, and is not to be done; the default action would kill
 * the process with the next signal of the core's.  Notify of all signals takes those that Go
 * does not handle: since Ignore of all, or in a library all so far.  In a library Stop of all
 * gives back what was there, with a mask of Go's, and Reset of all what was there before Go.
 * What is given back when the core is off takes effect as what was there before Go's: the
 * core's handler would call Go's, which sends the signal on to the core's. */
bool epi_signal_records(int signal, const struct sigaction *action, struct sigaction *old);

#endif
