/* Words for error numbers. */
#ifndef EPI_ERRORS_H
#define EPI_ERRORS_H

#include "out.h"
#include "../base/base.h"

/* "no such file or directory"; "error 123" where there are no words for it. */
EPI_SAFE void epi_error_put(struct epi_out *out, int error);

#endif
