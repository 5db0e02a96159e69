/* /proc/thread-self/maps, read a line at a time in fixed memory. */
#ifndef EPI_MAPS_H
#define EPI_MAPS_H

#include "../base/base.h"

enum epi_prot { EPI_PROT_READ = 1, EPI_PROT_WRITE = 2, EPI_PROT_EXEC = 4 };

struct epi_mapping {
    struct epi_range range;
    uint64_t offset; /* in the file */
    uint64_t inode;  /* 0: anonymous */
    uint8_t prot;
    char path[200]; /* or "[stack]" and the like; cut at its end */
};

struct epi_maps {
    int fd;
    uint32_t at, have;
    char buffer[1024];
};

/* Opens the list; false without /proc or without a free descriptor. */
EPI_SAFE bool epi_maps_open(struct epi_maps *maps);
EPI_SAFE bool epi_maps_next(struct epi_maps *maps, struct epi_mapping *mapping);
EPI_SAFE void epi_maps_close(struct epi_maps *maps);

/* The mapping that holds ADDRESS, and in BELOW the one before it, which is all
 * zero when there is none.  BELOW may be NULL.  When nothing is mapped at
 * ADDRESS, false, with MAPPING the next one above (or all zero). */
EPI_SAFE bool epi_maps_find(uintptr_t address, struct epi_mapping *mapping,
                            struct epi_mapping *below);

#endif
