/* Whose the crash is: one thread reports at a time, and the others wait for it.
 *
 * A child of vfork, or of clone with the same memory, has its parent's word for the owner,
 * and crashes in the same incident, on the same stack.  So each waits for the other, too,
 * until that has reported or is gone. */
#ifndef EPI_OWNER_H
#define EPI_OWNER_H

#include "../base/base.h"
#include "../incident/incident.h"

#include <signal.h>
#include <ucontext.h>

/* Makes the calling thread SELF the owner of CRASH, unless there is one. */
EPI_SAFE bool epi_crash_take(struct epi_incident *crash, uint64_t self);

/* The owner's first steps.  False, and there is no owner, when the core was switched off in
 * this moment: epi_disable has seen none, and takes away what one needs. */
EPI_SAFE bool epi_crash_begin(struct epi_incident *crash, int signal, const siginfo_t *info,
                              ucontext_t *uc);

/* Another thread reports: waits for the end, or until that crash is over, when a host's
 * handler has repaired it.  False: the calling thread's fault will repeat, and may be the
 * next crash.  True: now the calling thread is the owner, since its signal does not repeat
 * and would be lost, or since the owner was another process, which is done. */
EPI_SAFE bool epi_crash_park(struct epi_incident *crash, const struct epi_options *options,
                             int signal, const siginfo_t *info, const ucontext_t *uc);

/* Keeps SIGNAL, which the process SENDER sent, until the crash is over; the last one counts.
 * False: this process has no crash, or none any more. */
EPI_SAFE bool epi_crash_keep(struct epi_incident *crash, int signal, int sender);

/* What epi_crash_keep writes to crash->sent. */
static inline EPI_SAFE uint64_t epi_sent_of(int signal, int sender)
{
    return (uint64_t)(uint32_t)sender << 32 | (uint32_t)signal;
}

/* For who reports where no helper looks: SIGALRM ends the process at the DEADLINE. */
EPI_SAFE void epi_crash_arm_alarm(struct epi_incident *crash, uint64_t deadline);

/* The program is about to go on: a child of fork gets back the alarm that the deadline
 * took the place of. */
EPI_SAFE void epi_crash_return_alarm(struct epi_incident *crash);

/* The host's handler has come back so late that its crash was ended, and has changed nothing:
 * should the same fault come again, that is in vain (epi_chain_in_vain). */
EPI_SAFE void epi_crash_remember(struct epi_incident *crash, int signal, const siginfo_t *info,
                                 const ucontext_t *uc);

/* The same, and the process is to die of SIGNAL now: the helper sees to that.  False: another
 * thread owns a crash. */
EPI_SAFE bool epi_crash_resume(struct epi_incident *crash, int signal);

/* It goes on: the crash is over, and the next one may begin.  Sends what was kept. */
EPI_SAFE void epi_crash_end(struct epi_incident *crash);

#endif
