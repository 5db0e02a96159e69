/* Handlers that were there before: they get their turn after the report. */
#ifndef EPI_CHAIN_H
#define EPI_CHAIN_H

#include "../base/base.h"

#include <signal.h>
#include <ucontext.h>

/* Calls the handler that ACTION names as the kernel would: with its mask, with
 * the original siginfo and context.  Default and ignore do nothing. */
EPI_SAFE void epi_chain(const struct epi_sigaction *action, int signal, siginfo_t *info,
                        void *context);

/* What the kernel would block for that handler, where SIGNAL has interrupted UC. */
EPI_SAFE uint64_t epi_chain_mask(const struct epi_sigaction *action, int signal,
                                 const ucontext_t *uc);

/* The same as epi_chain with ACTION's mask as the thread's, which it keeps. */
EPI_SAFE void epi_chain_with(const struct epi_sigaction *action, int signal, siginfo_t *info,
                             void *context);

/* The same with the action whose turn is after the core's for SIGNAL. */
EPI_SAFE void epi_chain_next(int signal, siginfo_t *info, void *context);

#endif
