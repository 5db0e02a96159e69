/* Look-ups in blocks that a test in Go has built of damaged files.
 *
 *   stream_symblock LOOKUPS <BLOCKS
 *
 * Each block stands behind its size in four bytes.  LOOKUPS are made in each, at its parts
 * and around them.  A page that cannot be read stands right behind the block, and for every
 * other one right before it.  It prints how many blocks there were, how many the core opened,
 * how many look-ups it made, and how many of them found a function. */
#include "draw.h"
#include "lookup.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROOM (32u << 20)

static uint64_t blocks, opened;

static uint8_t *reserve(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *all = mmap(NULL, ROOM + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(all != MAP_FAILED && mprotect(all + page, ROOM, PROT_READ | PROT_WRITE) == 0);
    return all + page;
}

static void look_around(const uint8_t *data, size_t size, uint64_t count)
{
    struct epi_symblock block;
    if (!epi_symblock_open(&block, data, size))
        return;
    opened++;
    look(&block, size, 0);
    look(&block, size, UINT64_MAX);
    while (block.parts > 0 && count-- > 0) {
        uint32_t start;
        memcpy(&start, block.start + 4 * draw(block.parts), sizeof start);
        look(&block, size, block.base + start - 1 + draw(UINT64_C(1) << draw(20)));
    }
}

int main(int argc, char **argv)
{
    uint8_t *room = reserve();
    uint32_t size;
    MUST(argc == 2);
    while (fread(&size, sizeof size, 1, stdin) == 1) {
        uint8_t *data = room + (blocks++ % 2 == 0 ? ROOM - size : 0);
        MUST(size <= ROOM && fread(data, 1, size, stdin) == size);
        look_around(data, size, strtoull(argv[1], NULL, 10));
    }
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", blocks, opened, lookups, found);
    return 0;
}
