/* What the C library, or the C++ runtime, said when it gave up; the latter is in cxx.c
 * and cxx_*.c. */
#ifndef EPI_MESSAGE_H
#define EPI_MESSAGE_H

#include "../base/base.h"
#include "../incident/incident.h"

/* Looks for glibc's message and for a C++ runtime; again when a library was
 * loaded since.  May wait for the loader's lock. */
void epi_message_start(void);
void epi_message_stop(void);

/* The first message of the report, without quotation marks around it; NULL: there is none. */
EPI_SAFE const char *epi_message_first(struct epi_incident *incident);

#endif
