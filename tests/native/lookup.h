/* One look-up in a block that may be damaged: whatever is found ends, and lies in the block. */
#ifndef LOOKUP_H
#define LOOKUP_H

#include "fuzz.h"

#include "symblock.h"

#include <string.h>

static uint64_t lookups, found;

static void look(const struct epi_symblock *block, size_t size, uint64_t address)
{
    struct epi_symblock_chain chain;
    struct epi_symblock_call call;
    uint64_t start;
    size_t calls = 0;
    lookups++;
    if (!epi_symblock_find(&chain, block, address, &start))
        return;
    found++;
    MUST(start <= address);
    while (epi_symblock_next(&chain, &call)) {
        MUST(++calls <= size);
        MUST(call.name == NULL || strnlen(call.name, size) < size);
        MUST(call.file == NULL || strnlen(call.file, size) < size);
    }
    MUST(calls > 0 && !epi_symblock_next(&chain, &call));
}

#endif
