/* The core's own threads: how they are started, and how they are distinguished from the
 * program's.  They block all signals, and are not asked for stacks. */
#ifndef EPI_SERVICE_H
#define EPI_SERVICE_H

#include "../base/base.h"
#include "../incident/process.h"

#include <signal.h>
#include <ucontext.h>

/* The core's own threads (enum epi_service) are not asked for stacks.  They block all
 * signals but those of faults: one that is blocked kills the process (kernel/signal.c,
 * force_sig_info_to_task), and a load that may fail is read on these threads, too; or a
 * filter of the program's traps what they call. */

/* What the thread WHICH runs. */
void epi_service_runs(enum epi_service which, void *(*run)(void *));

/* The signals that these threads leave open.  SIGABRT is none of a fault, and could be
 * taken from a thread of the program that waits for it. */
EPI_SAFE uint64_t epi_service_open(void);

/* Starts the thread WHICH unless this process has it: detached, with all other
 * signals blocked and without an alternate stack.  0 or an errno value. */
int epi_service_start(enum epi_service which);

/* What the thread does first: takes its name, and says who it is. */
EPI_SAFE void epi_service_introduce(enum epi_service which);

/* The thread id of WHICH; 0: it does not run. */
EPI_SAFE int epi_service_tid(enum epi_service which);

/* For the handler of faults: has a signal that was sent to the process come to one of these
 * threads?  Then it goes to the process once more, and this thread blocks it from now
 * on. */
EPI_SAFE bool epi_service_passes(int signal, const siginfo_t *info, ucontext_t *uc);

/* The record of thread TID; NULL when it is the program's. */
EPI_SAFE const struct epi_service_thread *epi_service_find(int tid);

#endif
