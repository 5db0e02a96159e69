/* What some need, in middle.c, middle_more.c and beside.c. */
#ifndef MIDDLE_H
#define MIDDLE_H

#include "../ground/ground.h"

EPI_SAFE int epi_middle_reads(const struct epi_ground *ground);
void epi_middle_writes(struct epi_ground *ground);
int epi_middle_more(void);
int epi_beside(void);

#endif
