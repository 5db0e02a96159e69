/* The dump of a registered signal in a forked child. */
#ifndef EPI_CHILDDUMP_H
#define EPI_CHILDDUMP_H

#include "ondemand.h"
#include "../base/base.h"

#include <signal.h>
#include <ucontext.h>

/* Dumps the calling thread, which a signal, INFO, has interrupted at UC, as OPTIONS say, or says
 * why not.  In the signal's handler; not in a child of vfork. */
EPI_SAFE void epi_dump_in_child(struct epi_usersignal_note *note,
                                const struct epi_usersignal_options *options,
                                const siginfo_t *info, const ucontext_t *uc);

#endif
