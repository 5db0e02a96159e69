/* What happens to a fatal signal. */
#ifndef EPI_HANDLER_H
#define EPI_HANDLER_H

#include "../base/base.h"

#include <signal.h>

/* The handler of the seven fatal signals.  The kernel is given its entry (entry.h). */
EPI_SAFE void epi_handler(int signal, siginfo_t *info, void *context) EPI_FOR_ASSEMBLY;

#endif
