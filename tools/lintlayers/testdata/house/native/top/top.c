#include "top.h"

int epi_top(void)
{
    return epi_middle_more();
}
