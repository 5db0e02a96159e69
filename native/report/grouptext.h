/* Groups of goroutines as a report has them, read from the text that Go has answered. */
#ifndef EPI_GROUPTEXT_H
#define EPI_GROUPTEXT_H

#include "calls.h"
#include "../base/base.h"

struct epi_group {
    const char *text;  /* its first line */
    const char *state; /* what its goroutines do or wait for, SIZE bytes */
    uint32_t state_size;
    uint32_t count;    /* of the goroutines */
    uint32_t minutes;  /* that the one that has waited longest waits */
};

/* GROUP becomes the one behind AT, a position in a text that ends with a NUL.  Returns the
 * position behind its first line; NULL when there is none. */
EPI_SAFE const char *epi_grouptext_find(struct epi_group *group, const char *at);

/* The offset of the first call of the group that TEXT begins with, or of the one behind the
 * call at AT; 0: there is none. */
EPI_SAFE uint32_t epi_grouptext_first(const char *text);
EPI_SAFE uint32_t epi_grouptext_next(const char *text, uint32_t at);

/* CALL becomes that at AT of TEXT. */
EPI_SAFE void epi_grouptext_describe(struct epi_call_text *call, const char *text, uint32_t at);

#endif
