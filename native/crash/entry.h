/* What the kernel is given as the handler of the fatal signals: jumps to epi_handler.  The
 * bytes before it are the core's signature, by which another copy of the core in the same
 * process is recognised. */
#ifndef EPI_ENTRY_H
#define EPI_ENTRY_H

#include "../base/base.h"

#include <signal.h>

EPI_SAFE void epi_arch_handler(int signal, siginfo_t *info, void *context);
#define EPI_SIGNATURE "epitaph handler"

#endif
