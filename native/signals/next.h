/* What comes after the core's action of one signal. */
#ifndef EPI_NEXT_H
#define EPI_NEXT_H

#include "actions.h"
#include "../base/base.h"

/* Makes ACTION the next of SLOT.  Has ours changed by that (below)?  It is to be put in place
 * anew, then. */
EPI_SAFE bool epi_action_set_next(struct epi_action *slot, const struct epi_sigaction *action);

/* Whether a system call goes on behind a fatal signal that is sent, and does not kill, is for
 * the program to say: ours has SA_RESTART where the next has it. */
EPI_SAFE bool epi_action_follow(struct epi_action *slot);

#endif
