/* A host program's own handler, after the report.  (Before it: askhost.h.) */
#ifndef EPI_HOST_H
#define EPI_HOST_H

#include "../base/base.h"
#include "../incident/incident.h"

#include <signal.h>
#include <ucontext.h>

/* Calls the host's handler ACTION for the crash of this thread.  CALLED: not the kernel has
 * called the core's handler.  True when the program goes on as that handler decided; the crash
 * is over then. */
EPI_SAFE bool epi_chain_host(struct epi_incident *crash, const struct epi_sigaction *action,
                             int signal, siginfo_t *info, ucontext_t *uc, bool called);

/* Its two halves: HANDLER is about to be called, or runs already; it has returned. */
EPI_SAFE void epi_chain_begin(struct epi_incident *crash, uintptr_t handler);
EPI_SAFE bool epi_chain_repaired(struct epi_incident *crash, const ucontext_t *uc);

/* Does the address of the fault decide whether the instruction works now; and does it? */
EPI_SAFE bool epi_fault_of_memory(const siginfo_t *info);
EPI_SAFE bool epi_fault_is_over(const siginfo_t *info, const ucontext_t *uc);

/* What the instruction that faulted is, in one word, and what it divides by: a handler may have
 * put another in its place, or another divisor.  0 for a fault of memory, where that does not
 * matter. */
EPI_SAFE uint64_t epi_fault_instruction(const siginfo_t *info, const ucontext_t *uc);

/* The owner of CRASH is interrupted at UC while the host's handler should be
 * running: ends the crash, and says so, if it has jumped out of it instead. */
EPI_SAFE bool epi_chain_left(struct epi_incident *crash, const ucontext_t *uc);

/* The calling thread owns CRASH, which another one ends at this moment: waits for that. */
EPI_SAFE void epi_chain_await_end(const struct epi_incident *crash);

/* For the helper thread: looks at that, now and then, or has the owner do so. */
EPI_SAFE void epi_chain_look(struct epi_incident *crash, uint64_t now);

/* For the helper thread, when the deadline has expired: it is unknown whether the owner is in the
 * handler, since it computes and blocks the deadline's signal, as the thread that jumped
 * back may have done before.  True: the crash, which is reported, is over, and the process
 * goes on. */
EPI_SAFE bool epi_chain_let_go(struct epi_incident *crash);

/* The same fault as the one that the host's handler has just returned from: it
 * had repaired nothing. */
EPI_SAFE bool epi_chain_in_vain(const struct epi_incident *crash, int signal,
                                const siginfo_t *info, const ucontext_t *uc);

#endif
