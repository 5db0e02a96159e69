/* The size of the kernel's pages: 4 KiB, and on some machines 16 or 64 KiB. */
#ifndef EPI_PAGE_H
#define EPI_PAGE_H

#include "base.h"

/* In bytes.  EPI_PAGE_MOST, which the machine's header has, is the most that it can be: what is
 * mapped over static memory is aligned to that. */
extern size_t epi_page_size __attribute__((visibility("hidden")));

/* For a healthy process, before anything is mapped. */
void epi_page_learn(void);

/* ADDRESS or the next one at which a page begins, and the one at which its own does. */
static inline EPI_SAFE uintptr_t epi_page_up(uintptr_t address)
{
    return (address + epi_page_size - 1) & ~(uintptr_t)(epi_page_size - 1);
}

static inline EPI_SAFE uintptr_t epi_page_down(uintptr_t address)
{
    return address & ~(uintptr_t)(epi_page_size - 1);
}

#endif
