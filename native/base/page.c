#include "page.h"

#include <unistd.h>

size_t epi_page_size = 4096;

void epi_page_learn(void)
{
    long size = sysconf(_SC_PAGESIZE);
    if (size > 0 && size <= EPI_PAGE_MOST)
        epi_page_size = (size_t)size;
}
