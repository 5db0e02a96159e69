/* Executable memory that belongs to no module: what a JIT compiler wrote, trampolines of
 * libffi, a program that unpacks itself.  Nothing announces it, so the table is made
 * from /proc/self/maps, by who is about to walk stacks. */
#ifndef EPI_CODEMAP_H
#define EPI_CODEMAP_H

#include "modules.h"
#include "../base/base.h"

/* V8 and Java map some ten, a process with many small buffers of code some hundred. */
#define EPI_CODEMAP_RANGES 4096

struct epi_code_range {
    struct epi_range range;
    uint8_t prot;  /* enum epi_prot */
    char name[47]; /* of the mapping, cut at its end; "" when it has none */
};

struct epi_codemap {
    uint32_t count;
    struct epi_code_range range[EPI_CODEMAP_RANGES]; /* by rising start */
};

/* Fills MAP, which no other thread reads yet, with what is executable now and not in the text
 * of a module of MODULES.  Without /proc it becomes empty; ranges beyond its capacity are
 * left out, and what could not be read in 100 ms. */
EPI_SAFE void epi_codemap_load(struct epi_codemap *map, const struct epi_modules *modules);

/* The range that holds PC, or NULL.  MAP may be NULL. */
EPI_SAFE const struct epi_code_range *epi_codemap_find(const struct epi_codemap *map,
                                                       uintptr_t pc);

#endif
