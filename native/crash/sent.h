/* A signal that was sent: by whom, and who has a use for it. */
#ifndef EPI_SENT_H
#define EPI_SENT_H

#include "../base/base.h"

#include <signal.h>
#include <ucontext.h>

/* To be called when the core is enabled. */
void epi_sent_prepare(void);

/* By another process: says nothing of what a handler of the host has made of a fault. */
EPI_SAFE bool epi_sent_by_another(const siginfo_t *info);

/* By kill or sigqueue, or by another process: not by raise, nor by abort. */
EPI_SAFE bool epi_sent_from_outside(const siginfo_t *info);

/* By abort(), which goes on to die when the handler returns, and does not ask for another one
 * then?  UC is where the signal has come to, or the copy of it: the stack is looked at, and
 * has to be as it was.  True also where that does not tell. */
EPI_SAFE bool epi_sent_by_abort(const siginfo_t *info, const ucontext_t *uc);

/* Is it behind the thread, which lives if a handler returns; and would it be seen if that gave
 * up? */
EPI_SAFE bool epi_sent_does_no_harm(const siginfo_t *info, const ucontext_t *uc);

/* Does the program ignore SIGNAL, which was sent, or raised by the thread itself? */
EPI_SAFE bool epi_sent_is_ignored(int signal, const siginfo_t *info, const ucontext_t *uc);

/* Has the thread raised SIGNAL, whose next action is Go's, for a channel of signal.Notify? */
EPI_SAFE bool epi_sent_to_channel(int signal, const siginfo_t *info, const ucontext_t *uc);

#endif
