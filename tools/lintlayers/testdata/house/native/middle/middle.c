#include <stdatomic.h>

#include "middle.h"

EPI_SAFE int epi_middle_reads(const struct epi_ground *ground)
{
    return ground->level;
}

void epi_middle_writes(struct epi_ground *ground)
{
    ground->level = 1;
}

static const int *counts(void)
{
    return &epi_ground.count[1];
}

int epi_middle_all(void);
int epi_middle_all(void)
{
    const struct epi_ground *ground = &epi_ground;
    epi_ground_raise(&epi_ground);
    if (ground == &epi_ground && epi_ground.level == 3 && epi_ground.count[1] <= 4)
        return atomic_load(&epi_ground.turn) + (3 & epi_ground.level);
    return epi_middle_reads(&epi_ground) + *counts() + epi_twice(1);
}
