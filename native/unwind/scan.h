/* The search of the stack for a return address, when nothing else leads on. */
#ifndef EPI_SCAN_H
#define EPI_SCAN_H

#include "cursor.h"
#include "../base/base.h"

/* Moves CURSOR to the most likely caller among the next WORDS words of the stack; false
 * when there is none. */
EPI_SAFE bool epi_scan_step(struct epi_cursor *cursor, unsigned words);

/* Can the call before PC have led to FUNCTION, by a stub or a jump of another function if
 * need be? */
EPI_SAFE bool epi_scan_call_fits(struct epi_cursor *cursor, uintptr_t pc,
                                 struct epi_range function);

#endif
