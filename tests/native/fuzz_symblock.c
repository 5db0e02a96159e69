/* libFuzzer target for the look-up in a module's symbols.  The input is a block;
 * what its header says of its size is put right, or nearly all inputs would end
 * there. */
#include "lookup.h"

#include <string.h>

#define HEADER     96
#define MOST_PARTS 64

static uint32_t get(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put(uint8_t *p, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Of exactly the right size, so that the sanitizer sees a byte too much. */
    uint8_t *copy = malloc(size + (size == 0));
    struct epi_symblock block;
    if (copy == NULL)
        return 0;
    memcpy(copy, data, size);
    if (size >= HEADER) {
        uint64_t tables = 12 * (uint64_t)get(copy + 32) + 4 * (uint64_t)get(copy + 36) +
                          4 * (uint64_t)get(copy + 40);
        put(copy + 8, size, 8);
        if (tables <= size)
            put(copy + 52, size - tables, 4);
    }
    if (epi_symblock_open(&block, copy, size)) {
        for (uint32_t i = 0; i < block.parts && i < MOST_PARTS; i++) {
            uint64_t start = block.base + get(block.start + 4 * (size_t)i);
            for (uint64_t step = 0; step < 1 << 20; step += 1 + step / 2)
                look(&block, size, start + step);
        }
        look(&block, size, 0);
        look(&block, size, UINT64_MAX);
    }
    free(copy);
    return 0;
}
