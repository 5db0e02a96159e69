/* Names of a JIT compiler's functions, from the file that it writes for perf(1):
 * /tmp/perf-PID.map, a line "START SIZE NAME" for each function, the newest last
 * (tools/perf/Documentation/jit-interface.txt in the kernel's source).
 *
 * It is read when frames need it: the compiler appends to it all the time, so a copy made
 * in health would cost memory and be old. */
#ifndef EPI_PERFMAP_H
#define EPI_PERFMAP_H

#include "../base/base.h"

#define EPI_PERFMAP_NAMES 128

struct epi_perfmap_name {
    uintptr_t pc, start; /* of the function; 0: not found */
    char name[112];      /* cut at its end */
};

struct epi_perfmap {
    uint32_t count, asked; /* the first ASKED have been looked for */
    struct epi_perfmap_name name[EPI_PERFMAP_NAMES];
    uint32_t at, have; /* in BUFFER */
    char buffer[4096];
};

/* Asks for the name at PC; what is more than there is room for has none. */
EPI_SAFE void epi_perfmap_want(struct epi_perfmap *map, uintptr_t pc);

/* Looks for what has been asked for since the last call; until DEADLINE (monotonic). */
EPI_SAFE void epi_perfmap_read(struct epi_perfmap *map, uint64_t deadline);

/* The function that was found at PC, or NULL. */
EPI_SAFE const struct epi_perfmap_name *epi_perfmap_find(const struct epi_perfmap *map,
                                                         uintptr_t pc);

#endif
