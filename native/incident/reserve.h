/* What reports are made with, got and set while the process is healthy. */
#ifndef EPI_RESERVE_H
#define EPI_RESERVE_H

#include "incident.h"
#include "../base/base.h"

/* The configuration that reports follow from now on; NULL: the core is disabled. */
void epi_incidents_use(const struct epi_options *options);

/* Memory for the next configuration; and the memory that OPTIONS, which were in force, have. */
struct epi_options *epi_incidents_free_slot(void);
struct epi_options *epi_incidents_slot_of(const struct epi_options *options);

/* The stack of the reporter, and the alternate stack for its own faults. */
void epi_incidents_set_stacks(struct epi_range report, struct epi_range nested);

/* Opens the spare descriptors, which a report closes first: the process may have no other
 * number left for its file. */
void epi_incidents_reserve(void);

/* What reports are to say of the program's symbols, as a note; "": nothing. */
void epi_symbols_note(const char *text);

/* Tells whether indexes are being built that a crash should wait for a moment. */
void epi_symbols_pending(bool pending);

#ifdef EPI_TEST
/* Makes the stage NAME ("*": each) do TROUBLE. */
void epi_test_trouble(const char *name, enum epi_trouble trouble);
#endif

#endif
