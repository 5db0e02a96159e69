/* What a host's handler has made of the fault that it was asked about. */
#ifndef EPI_VERDICT_H
#define EPI_VERDICT_H

#include "../base/base.h"
#include "../signals/asked.h"

enum epi_verdict {
    EPI_RESOLVED,
    EPI_RETURNED, /* with nothing changed: resolved, unless the same fault comes again */
    EPI_NOT_RESOLVED,
};

/* The fault of EVIDENCE, in one word: with every register the same it is the same. */
EPI_SAFE uint64_t epi_verdict_fault(const struct epi_evidence *evidence);

/* Has the handler been asked about this fault as often as makes sense, in vain? */
EPI_SAFE bool epi_verdict_in_vain(const struct epi_evidence *evidence);

/* The handler has returned. */
EPI_SAFE enum epi_verdict epi_verdict_of(const struct epi_evidence *evidence);

/* The fault has been reported, and the thread goes on: the same one once more is in vain. */
EPI_SAFE void epi_verdict_expect_no_more(const struct epi_evidence *evidence,
                                         struct epi_asked *slot);

#endif
