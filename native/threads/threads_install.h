/* For install.c: the preparations of threads.h. */
#ifndef EPI_THREADS_INSTALL_H
#define EPI_THREADS_INSTALL_H

#include "../base/base.h"

#include <signal.h>

/* The signals that may be chosen: below are those with a meaning and those of
 * the C library. */
#define EPI_THREAD_SIGNAL_LEAST 35
#define EPI_THREAD_SIGNAL_MOST  64

/* Is the core part of the program, and not of a library or a plugin in it?  For a healthy
 * process. */
bool epi_in_program(void);

/* Gets the memory, and chooses the thread signal: WANTED, or any when that is 0.
 * EINVAL: WANTED is not one that may be chosen; EADDRINUSE: a handler is there for it,
 * or all. */
int epi_threads_prepare(int wanted, int *signal);

/* Makes SIGNAL the thread signal, instead of the one so far. */
void epi_threads_install(int signal);

/* Releases SIGNAL, which the core sends to threads, or 0; not while one has it to come.
 * No thread may be sending it any more. */
void epi_signal_release(int signal);

#endif
