/* What comes after the core's action of one signal. */
#ifndef EPI_NEXT_H
#define EPI_NEXT_H

#include "actions.h"
#include "../base/base.h"

/* Makes ACTION the next of SLOT. */
EPI_SAFE void epi_action_set_next(struct epi_action *slot, const struct epi_sigaction *action);

#endif
