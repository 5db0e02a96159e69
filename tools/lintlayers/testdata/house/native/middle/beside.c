#include "../ground/ground.h"

int epi_beside(void);
int epi_beside(void)
{
    return epi_ground_level();
}
