/* sigaction, and its older kin, as the program calls them. */
#ifndef EPI_WRAP_H
#define EPI_WRAP_H

#include "../base/base.h"

#include <signal.h>

typedef int (*epi_sigaction_function)(int, const struct sigaction *, struct sigaction *);
typedef void (*epi_signal_handler)(int);

/* As sigaction, by way of LIBCS where the core has nothing to do with it.  Safe in a signal
 * handler, and on any thread, before main too. */
int epi_action_program(int signal, const struct sigaction *action, struct sigaction *old,
                       epi_sigaction_function libcs);

/* Is the action for SIGNAL another than the program sees?  Only then the functions below are
 * called: libc's own keep a state. */
bool epi_action_is_hidden(int signal);

/* As signal, sysv_signal and sigset of this libc. */
epi_signal_handler epi_signal_program(int signal, epi_signal_handler handler,
                                      epi_sigaction_function libcs);
epi_signal_handler epi_sysv_signal_program(int signal, epi_signal_handler handler,
                                           epi_sigaction_function libcs);
epi_signal_handler epi_sigset_program(int signal, epi_signal_handler handler,
                                      epi_sigaction_function libcs);

/* Do calls of signal and the like in this link come to the wrappers? */
EPI_SAFE bool epi_action_is_wrapped(void);

#endif
