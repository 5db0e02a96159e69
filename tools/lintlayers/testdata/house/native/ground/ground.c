#include "ground.h"

struct epi_ground epi_ground;

EPI_SAFE int epi_ground_level(void)
{
    return epi_ground.level;
}

EPI_SAFE void epi_ground_raise(struct epi_ground *ground)
{
    ground->level++;
}
