/* Signals that ask for a dump: any that the program has registered, like
 * SIGUSR1.  The thread that gets one walks its own stack and goes on; the dumper
 * does the rest. */
#ifndef EPI_USERSIGNAL_H
#define EPI_USERSIGNAL_H

#include "dump.h"
#include "../base/base.h"
#include "../incident/incident.h"

#include <signal.h>

/* From now on SIGNAL is dumped as HOW says, whose output is duplicated; with CHAIN
 * its previous action takes effect as well.  Replaces what was said before.
 * EINVAL: no such signal, or one that is the core's own; ENODEV: the core is off.
 * For a healthy process, calls one at a time. */
int epi_usersignal_register(int signal, const struct epi_dump *how, bool chain);

/* Restores the previous action, unless the signal was taken by another handler since.
 * False when it was not registered.  A call as above; then comes epi_usersignal_end. */
bool epi_usersignal_restore(int signal);

/* Waits for the dumps of signals that came before, for which the core must stay on,
 * and forgets the signal.  Not while another call of these three functions is under
 * way. */
void epi_usersignal_end(int signal);

/* Before a forked child is the one that has enabled the core: what was registered
 * is from now on dumped there.  0 or an errno value. */
int epi_usersignal_renew(void);

/* For the dumper: dumps what the longest waiting signal asks for; false when none
 * does. */
EPI_SAFE bool epi_usersignal_serve(void);

#endif
