/* Stacks in the text that Go writes when it dies. */
#ifndef EPI_GOTEXT_H
#define EPI_GOTEXT_H

#include "calls.h"
#include "../base/base.h"

/* The offset of the first call of the goroutine that TEXT begins with, or of the one behind
 * the call at AT; 0: there is none. */
EPI_SAFE uint32_t epi_gotext_first(const char *text);
EPI_SAFE uint32_t epi_gotext_next(const char *text, uint32_t at);

/* CALL becomes that at AT of TEXT. */
EPI_SAFE void epi_gotext_describe(struct epi_call_text *call, const char *text, uint32_t at);

#endif
