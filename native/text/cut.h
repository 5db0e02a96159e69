/* Where a text may be cut. */
#ifndef EPI_CUT_H
#define EPI_CUT_H

#include "../base/base.h"

/* How many of the first SIZE bytes of TEXT, which has at least as many, end at the end of a
 * character: one of UTF-8 that has begun there and has no end is left out. */
EPI_SAFE size_t epi_cut_utf8(const char *text, size_t size);

/* The same for text of a report, in which a character may be an escape: \xNN, \uNNNN or
 * \UNNNNNNNN. */
EPI_SAFE size_t epi_cut_escaped(const char *text, size_t size);

#endif
