/* Handlers that were there before: they get their turn after the report. */
#ifndef EPI_CHAIN_H
#define EPI_CHAIN_H

#include "../base/base.h"

/* Calls the handler that ACTION names as the kernel would: with its mask, with
 * the original siginfo and context.  Default and ignore do nothing. */
EPI_SAFE void epi_chain(const struct epi_sigaction *action, int signal, siginfo_t *info,
                        void *context);

/* The same with ACTION's mask as the thread's. */
EPI_SAFE void epi_chain_with(const struct epi_sigaction *action, int signal, siginfo_t *info,
                             void *context);

/* The same with the action whose turn is after the core's for SIGNAL. */
EPI_SAFE void epi_chain_next(int signal, siginfo_t *info, void *context);

#endif
