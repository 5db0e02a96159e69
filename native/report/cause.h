/* The line "Signal: ...", and the words for the signal's cause, which end it. */
#ifndef EPI_CAUSE_H
#define EPI_CAUSE_H

#include "../base/base.h"
#include "../text/out.h"
#include "../incident/incident.h"

/* Of the crash that is reported.  The line is made before it is written: the sentence,
 * which stands before it, says the cause too. */
struct epi_cause {
    int signal;          /* 0: none is known, or not yet */
    uint32_t words;      /* where ": " and the words for the cause begin in the line */
    struct epi_out line; /* its buffer only; it goes nowhere */
};

extern struct epi_cause epi_cause __attribute__((visibility("hidden")));

/* The cause of a crash before is not that of this one. */
EPI_SAFE void epi_cause_forget(void);

/* Begins the line, as far as the words for the cause. */
EPI_SAFE void epi_cause_begin(const struct epi_incident *incident);

/* Of a SIGSEGV or SIGBUS that the kernel raised: what was accessed, and what is there. */
EPI_SAFE void epi_cause_memory(struct epi_incident *incident);

#endif
