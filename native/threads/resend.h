/* Signals of the process that came to a thread that is not to take them, and are sent once
 * more. */
#ifndef EPI_RESEND_H
#define EPI_RESEND_H

#include "../base/base.h"

#include <signal.h>

/* Sends SIGNAL to the process, with INFO, with which it came to this thread. */
EPI_SAFE void epi_resend(int signal, const siginfo_t *info);

/* The same for a thread that has waited for SIGNAL, or for none (-1), and got INFO, or NULL. */
void epi_resent_waited(int signal, siginfo_t *info);

/* The first sender's INFO, in ROOM, if that of SIGNAL is of such a signal; else INFO. */
EPI_SAFE siginfo_t *epi_resent(int signal, siginfo_t *info, siginfo_t *room);

#endif
