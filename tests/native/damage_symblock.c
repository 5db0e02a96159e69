/* Look-ups in damaged blocks, as many as are asked for and as fast as they go: there is no
 * sanitizer; a page that cannot be read stands right before the block or right behind it.
 *
 *   damage_symblock MILLIONS SEED BLOCK...
 *
 * It prints how many look-ups it made, and how many of them found a function. */
#include "draw.h"
#include "lookup.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEADER  96
#define A_ROUND 64 /* look-ups between two damages */
#define CHANGES 8

/* A copy of a block, against the end of its pages or against their beginning. */
struct copy {
    uint8_t *data;
    size_t size;
};

struct change {
    size_t at;
    uint8_t was;
};

static struct copy place(const uint8_t *data, size_t size, bool at_end)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (size + page - 1) / page * page;
    uint8_t *all = mmap(NULL, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(all != MAP_FAILED && mprotect(all + page, room, PROT_READ | PROT_WRITE) == 0);
    struct copy copy = {all + page + (at_end ? room - size : 0), size};
    memcpy(copy.data, data, size);
    return copy;
}

static void put(struct change *change, struct copy *copy, size_t at)
{
    static const uint8_t odd[] = {0x00, 0x01, 0x7f, 0x80, 0xf0, 0xf4, 0xff};
    *change = (struct change){at, copy->data[at]};
    copy->data[at] = draw(2) == 0 ? odd[draw(sizeof odd)] : (uint8_t)draw(256);
}

/* Every other change is of the tables or the blobs' heads, where one misleads the most.
 * The sizes in the header stay, or nearly all damage would end in epi_symblock_open. */
static unsigned damage(struct change *change, struct copy *copy, const struct epi_symblock *block)
{
    unsigned count = 1 + (unsigned)draw(CHANGES);
    size_t tables = (size_t)(block->start - copy->data);
    for (unsigned i = 0; i < count; i++)
        put(&change[i], copy,
            draw(2) == 0 ? tables + draw(copy->size - tables)
                         : HEADER + draw(block->blobs_size > 0 ? block->blobs_size : 1));
    return count;
}

static void one_round(struct copy *copy)
{
    struct change change[CHANGES];
    struct epi_symblock block;
    MUST(epi_symblock_open(&block, copy->data, copy->size) && block.parts > 0);
    unsigned count = damage(change, copy, &block);
    for (unsigned i = 0; i < A_ROUND; i++) {
        const uint8_t *start = block.start + 4 * draw(block.parts);
        uint32_t first;
        memcpy(&first, start, sizeof first);
        look(&block, copy->size, block.base + first + draw(UINT64_C(1) << draw(20)));
    }
    while (count-- > 0)
        copy->data[change[count].at] = change[count].was;
}

static struct copy load(const char *path, bool at_end)
{
    static uint8_t data[16 << 20];
    FILE *file = fopen(path, "rb");
    MUST(file != NULL);
    size_t size = fread(data, 1, sizeof data, file);
    MUST(fclose(file) == 0 && size > HEADER);
    return place(data, size, at_end);
}

int main(int argc, char **argv)
{
    struct copy copy[64];
    size_t copies = 0;
    MUST(argc > 3);
    uint64_t most = strtoull(argv[1], NULL, 10) * 1000000;
    draw_state = strtoull(argv[2], NULL, 10) * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (int i = 3; i < argc && copies + 2 <= sizeof copy / sizeof copy[0]; i++) {
        copy[copies++] = load(argv[i], false);
        copy[copies++] = load(argv[i], true);
    }
    while (lookups < most)
        one_round(&copy[draw(copies)]);
    printf("%" PRIu64 " look-ups, %" PRIu64 " with an answer\n", lookups, found);
    return found == 0;
}
