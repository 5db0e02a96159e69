/* Handlers that were there before: they get their turn after the report. */
#ifndef EPI_CHAIN_H
#define EPI_CHAIN_H

#include "../base/base.h"

#include <signal.h>
#include <ucontext.h>

/* Calls the handler that ACTION names as the kernel would: with its mask, with
 * the original siginfo and context.  Default and ignore do nothing.  CALLED: not the kernel
 * has called the core's handler, but one in front of it, whose mask stays in force. */
EPI_SAFE void epi_chain(const struct epi_sigaction *action, int signal, siginfo_t *info,
                        void *context, bool called);

/* What the kernel would block for that handler, where SIGNAL has interrupted UC; CALLED: and
 * what is blocked now. */
EPI_SAFE uint64_t epi_chain_mask(const struct epi_sigaction *action, int signal,
                                 const ucontext_t *uc, bool called);

/* What the calling thread blocks. */
EPI_SAFE uint64_t epi_chain_blocked(void);

/* The same as epi_chain with another MASK, which the thread keeps. */
EPI_SAFE void epi_chain_with(const struct epi_sigaction *action, uint64_t mask, int signal,
                             siginfo_t *info, void *context);

/* The same as epi_chain with the action whose turn is after the core's for SIGNAL. */
EPI_SAFE void epi_chain_next(int signal, siginfo_t *info, void *context, bool called);

/* Calls the handler that ACTION names without any system call, so with the core's mask. */
EPI_SAFE void epi_chain_call(const struct epi_sigaction *action, int signal, siginfo_t *info,
                             void *context);

/* In a handler that was given CONTEXT, and not in a function that it calls: has another handler
 * called it?  The kernel puts the context on the stack that it calls the handler on. */
#define EPI_CALLED(context)                                                                    \
    ((char *)__builtin_dwarf_cfa() + EPI_BEFORE_CONTEXT != (char *)(context))

#endif
