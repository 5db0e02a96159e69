/* The end of the process. */
#ifndef EPI_TERMINATE_H
#define EPI_TERMINATE_H

#include "../base/base.h"

#include <signal.h>
#include <ucontext.h>

/* The last steps of a crash: the process dies of SIGNAL, at the faulting
 * instruction, once the calling handler has returned. */
EPI_SAFE void epi_terminate(int signal, const siginfo_t *info, ucontext_t *uc);

/* Dies of SIGABRT, where the kernel lets it; otherwise returns.  For a thread that
 * need not go on. */
EPI_SAFE void epi_abort(void);

#endif
