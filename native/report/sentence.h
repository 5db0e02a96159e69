/* The sentence that says what crashed where, and why. */
#ifndef EPI_SENTENCE_H
#define EPI_SENTENCE_H

#include "../base/base.h"
#include "../incident/incident.h"

/* That of a crash before is not that of this one. */
EPI_SAFE void epi_sentence_forget(void);

/* That of the crash, as it stands in the report; "": it could not be made. */
EPI_SAFE const char *epi_sentence(void);

/* Why, which ends it, whole; "": that is not known. */
EPI_SAFE const char *epi_sentence_why(void);

#endif
