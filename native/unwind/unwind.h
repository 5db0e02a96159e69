/* Stacks: from a register set to a list of frames, through C and Go; the list is made
 * by stack.c. */
#ifndef EPI_UNWIND_H
#define EPI_UNWIND_H

#include "cursor.h"
#include "../base/base.h"

/* The next frame, innermost first; false at the end, with CURSOR->stop set. */
EPI_SAFE bool epi_cursor_next(struct epi_cursor *cursor, struct epi_frame *frame);

#endif
