/* The search of the stack for a return address, when nothing else leads on. */
#ifndef EPI_SCAN_H
#define EPI_SCAN_H

#include "cursor.h"
#include "../base/base.h"

/* Moves CURSOR to the most likely caller among the next WORDS words of the stack; false
 * when there is none. */
EPI_SAFE bool epi_scan_step(struct epi_cursor *cursor, unsigned words);

#endif
