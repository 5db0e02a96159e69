#include "middle.h"

int epi_middle_more(void)
{
    return epi_beside();
}
