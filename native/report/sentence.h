/* The sentence that says what crashed where, and why; or what a program hangs in. */
#ifndef EPI_SENTENCE_H
#define EPI_SENTENCE_H

#include "../base/base.h"
#include "../incident/incident.h"

/* The sentence of an incident before is not that of INCIDENT. */
EPI_SAFE void epi_sentence_forget(const struct epi_incident *incident);

/* The sentence of INCIDENT, as it stands in the report; "": there is none. */
EPI_SAFE const char *epi_sentence(const struct epi_incident *incident);

/* Why, which ends it, whole; "": that is not known. */
EPI_SAFE const char *epi_sentence_why(const struct epi_incident *incident);

/* Makes the sentence of a dump whose stacks are written: "timeout of 2 s in main.load
 * (load.go:12), called by main.main (main.go:9): sync.Mutex.Lock, 2 goroutines".  TIMEOUT, in
 * nanoseconds, is the time that has passed, of a report on that. */
EPI_SAFE void epi_report_hang_sentence(struct epi_incident *incident, uint64_t timeout);

#endif
