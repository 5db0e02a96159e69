/* Go's part of a report, which is in crash_output.c, goroutines.c, oncrash.c and
 * panic_record.c. */
#ifndef EPI_GOPARTS_H
#define EPI_GOPARTS_H

#include "goroutines.h"
#include "panic_record.h"
#include "../base/base.h"
#include "../text/out.h"
#include "../incident/incident.h"

EPI_SAFE void epi_goroutines_take(struct epi_incident *incident);

EPI_SAFE void epi_goroutines_print(struct epi_incident *incident);

/* The crash hook (oncrash.c): is there one; keeps the text that goes to OUT for
 * it; and, after a crash in C, runs it, until END. */
EPI_SAFE bool epi_oncrash_wanted(void);

EPI_SAFE void epi_oncrash_keep(const struct epi_incident *incident, struct epi_out *out);

EPI_SAFE void epi_oncrash_run(struct epi_incident *incident, uint64_t end);

/* Is there one that runs in a copy of the process after a panic or fatal error, and can? */
EPI_SAFE bool epi_oncrash_wants_copy(const struct epi_options *options);

/* Runs it there after a panic or fatal error of the goroutine in UC. */
EPI_SAFE void epi_oncrash_run_in_copy(struct epi_incident *incident, ucontext_t *uc);

/* The parts of epi_oncrash_run: is there what it needs; and it gets it, for a goroutine to
 * begin.  True if Go ignored SIGPIPE before. */
EPI_SAFE bool epi_oncrash_ready(const struct epi_incident *incident, uint64_t end);

EPI_SAFE bool epi_oncrash_prepare(const struct epi_incident *incident, uint64_t end,
                                  enum epi_ending ending);

/* The note of the panic that GOROUTINE died of, or NULL (panic_record.c). */
EPI_SAFE const struct epi_panic_record *epi_panic_find(uint64_t goroutine);

EPI_SAFE void epi_report_crash_output(struct epi_incident *incident);
EPI_SAFE void epi_report_panic(struct epi_incident *incident);
EPI_SAFE void epi_report_panic_in_copy(struct epi_incident *incident);
EPI_SAFE void epi_report_goroutines(struct epi_incident *incident);

#endif
